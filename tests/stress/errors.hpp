// The exceptions that random programs throw. Each is thrown under a number of its own, which can be read from the
// exception whatever its type is.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

namespace heed::stress {

using ErrorId = std::uint32_t;  // 0: none of ours

enum class ErrorKind : std::uint8_t {
  custom,            // class Error
  runtime,           // std::runtime_error
  invalid_argument,  // std::invalid_argument
  system,            // std::system_error
  nested,            // an Error that was caused by another one
  group,             // heed::ExceptionGroup
  text,              // std::string
  number,            // int
  odd,               // a class that has nothing to do with std::exception
  cancelled,         // heed::CancelledError, thrown by hand
  exit,              // heed::SystemExit
};
inline constexpr std::size_t error_kinds = 11;
const char* to_string(ErrorKind kind) noexcept;

[[noreturn]] void throw_error(ErrorKind kind, ErrorId id);
std::exception_ptr make_error(ErrorKind kind, ErrorId id);

// Counts its objects: the exceptions of a program must all be gone when it is over.
class Counted {
 public:
  Counted() noexcept { ++live; }
  Counted(const Counted&) noexcept { ++live; }
  Counted& operator=(const Counted&) noexcept = default;
  ~Counted() { --live; }
  static inline long live = 0;
};

class Error : public std::exception {
 public:
  explicit Error(ErrorId number) : id(number), text_("#" + std::to_string(number)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  ErrorId id;

 private:
  std::string text_;
  Counted counted_;
};

class OddError {
 public:
  explicit OddError(ErrorId number) : id(number) {}
  ErrorId id;

 private:
  Counted counted_;
};

// What is known about an exception that came out somewhere.
struct Thrown {
  ErrorId id = 0;
  bool cancellation = false;
  bool known() const noexcept { return id != 0 || cancellation; }
  friend bool operator==(const Thrown&, const Thrown&) noexcept = default;
  // A group tells its children the reason that its body was cancelled for: a number says nothing then.
  static inline bool cancellations_are_alike = false;
};
inline Thrown thrown_as(ErrorKind kind, ErrorId id) noexcept {
  bool cancellation = kind == ErrorKind::cancelled;
  return {cancellation && Thrown::cancellations_are_alike ? 0 : id, cancellation};
}
// Gives a number to a group of failures that a gather has raised, when it is seen for the first time.
inline ErrorId (*when_gather_group_seen)(const std::exception_ptr& exception) = nullptr;
// `exactly`: its number even where cancellations are alike.
Thrown identify(const std::exception_ptr& exception, bool exactly = false);
// An exception that the library made, a TimeoutError or a group: known by this number from now on.
void adopt(const std::exception_ptr& exception, ErrorId id);
void forget_adopted();
std::string to_string(const Thrown& thrown);

}  // namespace heed::stress

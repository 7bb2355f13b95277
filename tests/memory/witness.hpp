// What a run shows of itself. Needs no memory.
#pragma once

#include <array>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "heed/failure/exception_info.hpp"

namespace heed::test {

struct Witness {
  static constexpr std::size_t longest = 512;
  static constexpr std::size_t failures = 64;

  void note(int what) noexcept {
    if (length < longest) trace[length++] = what;
  }
  // Somebody was told of this exception.
  void told(const std::exception_ptr& exception) noexcept;
  // The same for a text with what() of the failures in it.
  void told(std::string_view text) noexcept {
    constexpr std::string_view mark = "failure #";
    for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
      std::size_t id = 0;
      for (std::size_t i = at + mark.size(); i < text.size() && text[i] != '.'; ++i)
        id = 10 * id + static_cast<std::size_t>(text[i] - '0');
      if (id < failures) seen[id] = true;
    }
    if (text.find("bad_alloc") != text.npos) ++bad_allocs;
  }

  std::array<int, longest> trace{};
  std::size_t length = 0;
  std::array<bool, failures> thrown{};
  std::array<bool, failures> seen{};
  unsigned bad_allocs = 0;
  bool stuck = false;       // the loop would have slept for ever
  bool unbalanced = false;  // at some time
  bool open_at_close = false;
};
inline Witness witness;

// The errors of the programs. Copying one needs no memory.
class Failure : public std::exception {
 public:
  explicit Failure(int id) noexcept : id_(id) {
    std::snprintf(text_, sizeof text_, "failure #%d.", id);
    witness.thrown[static_cast<std::size_t>(id)] = true;
  }
  const char* what() const noexcept override { return text_; }
  int id() const noexcept { return id_; }

 private:
  int id_;
  char text_[24];
};

inline void Witness::told(const std::exception_ptr& exception) noexcept {
  if (const auto* failure = find<Failure>(exception)) seen[static_cast<std::size_t>(failure->id())] = true;
  if (find<std::bad_alloc>(exception)) ++bad_allocs;
}

}  // namespace heed::test

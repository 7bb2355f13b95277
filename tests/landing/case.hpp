// Programs that throw, each of which runs with direct landing and without: what it notes must be the same.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/core/coro.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/sleep.hpp"
#include "heed/failure/rethrow.hpp"

namespace heed::landing {

// --- what a case notes -----------------------------------------------------------------------------------------------

// Of this thread. A case whose threads note something puts that together itself.
std::string& trace() noexcept;

inline void add_note(std::string_view text) { trace() += text; }
template <class T>
requires std::is_arithmetic_v<T>
void add_note(T value) { trace() += std::to_string(value); }

template <class... T>
void note(const T&... parts) {
  (add_note(parts), ...);
  add_note(" ");
}

// Notes when it dies, and how many exceptions are uncaught then.
struct Mark {
  explicit Mark(std::string what) : name(std::move(what)) {}
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;
  ~Mark() { note("~", name, "/", std::uncaught_exceptions()); }
  std::string name;
};

// --- what a case is --------------------------------------------------------------------------------------------------

enum class Lands {
  yes,    // one exception at least lands directly
  never,  // none does, as nothing of it is certain
  any,    // not said
};
enum class Ends {
  returns,
  terminates,  // it runs in a process of its own, which must call std::terminate()
};

struct Case {
  const char* group;
  const char* name;
  void (*run)();
  Lands lands;
  Ends ends;
};
const std::vector<Case>& all_cases();

struct Registration {
  explicit Registration(const Case& one);
};

#define HEED_LANDING_CASE(group, name, lands, ends)                                                                \
  static void landing_case_##group##_##name();                                                                     \
  static const ::heed::landing::Registration registration_##group##_##name{::heed::landing::Case{                  \
      #group, #name, &landing_case_##group##_##name, ::heed::landing::Lands::lands, ::heed::landing::Ends::ends}}; \
  static void landing_case_##group##_##name()

// What happened in one run.
struct Run {
  std::string trace;
  unsigned long landings = 0;
};
Run run_case(const Case& one, bool directly);
// Runs it without, with, and with again (what was looked up is known then). Empty when all is as it should be.
std::string check_case(const Case& one, unsigned long* landings = nullptr);

// --- what cases are made of ------------------------------------------------------------------------------------------

template <class T>
T run_coro(Coro<T> main) {
  EventLoop loop;
  return loop.run_until_complete(std::move(main));
}

// Throws a copy of `error`; after one turn of the loop when it `waits`.
template <class E>
Coro<int> raises(E error, bool waits = false) {
  if (waits) co_await yield_now();
  throw E(std::move(error));
  co_return 0;
}

inline Coro<int> gives(int value, bool waits = false) {
  if (waits) co_await yield_now();
  co_return value;
}

// Makes the exception that its argument throws.
template <class F>
std::exception_ptr made_by(F function) {
  try {
    function();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// An exception that notes its copies and its end.
struct Counted {
  explicit Counted(int number) : value(number) { note("made", number); }
  Counted(const Counted& other) : value(other.value) { note("copied", value); }
  Counted(Counted&& other) noexcept : value(other.value) { other.value = -1; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    if (value >= 0) note("gone", value, "/", std::uncaught_exceptions());
  }
  int value;
};

}  // namespace heed::landing

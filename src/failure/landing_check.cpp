#include "failure/landing_check.hpp"

#include <exception>
#include <stdexcept>
#include <typeinfo>

#include "heed/failure/rethrow.hpp"

namespace heed::detail {

namespace {

struct First {
  virtual ~First() = default;
  int first = 11;
};
struct Second {
  virtual ~Second() = default;
  int second = 22;
};
struct Both : First, Second {
  int both = 33;
};

// What was seen on the way.
struct Seen {
  long caught = 0;
  int uncaught_in_destructor = 0;
  int uncaught_in_handler = 0;
  bool same_object = false;
  bool rethrown = false;
  int destructors = 0;
  bool operator==(const Seen&) const = default;
};

struct Plain {};

struct Witness {
  Seen& seen;
  ~Witness() {
    ++seen.destructors;
    seen.uncaught_in_destructor = seen.uncaught_in_destructor * 10 + std::uncaught_exceptions();
  }
};

template <bool direct>
[[noreturn, gnu::always_inline]] inline void raise(const std::exception_ptr& exception) {
  if constexpr (direct) {
    rethrow(exception);
  } else {
    std::rethrow_exception(exception);
  }
}

template <bool direct>
[[gnu::noinline]] void raise_typed(const std::exception_ptr& exception, Seen& seen) {
  try {
    Witness witness{seen};
    raise<direct>(exception);
  } catch (const std::bad_cast&) {
    seen.caught = 1;
  } catch (const Second& second) {  // a base that is not the first one
    seen.caught = 100 + second.second;
    seen.uncaught_in_handler = std::uncaught_exceptions();
    seen.same_object = std::current_exception() == exception;
  } catch (const std::runtime_error& error) {
    seen.caught = 200 + error.what()[0];
    seen.same_object = std::current_exception() == exception;
  } catch (...) {
    seen.caught = 300;
  }
}

template <bool direct>
[[gnu::noinline]] void raise_again(const std::exception_ptr& exception, Seen& seen) {
  try {
    Witness witness{seen};
    try {
      Witness inner{seen};
      raise<direct>(exception);
    } catch (const std::exception&) {
      throw;
    }
  } catch (const std::logic_error& error) {
    seen.rethrown = std::current_exception() == exception;
    seen.caught = error.what()[0];
  }
}

Seen observe(void (*raise_it)(const std::exception_ptr&, Seen&), const std::exception_ptr& exception) {
  Seen seen;
  raise_it(exception, seen);
  seen.caught = seen.caught * 10 + std::uncaught_exceptions();
  return seen;
}

bool alike(const std::exception_ptr& exception, void (*directly)(const std::exception_ptr&, Seen&),
           void (*unwinding)(const std::exception_ptr&, Seen&)) {
  Seen expected = observe(unwinding, exception);
  return observe(directly, exception) == expected && observe(directly, exception) == expected;
}

}  // namespace

const char* difference_to_rethrow() noexcept {
  try {
    std::uint64_t before = direct_landings();
    if (!alike(std::make_exception_ptr(Both()), &raise_typed<true>, &raise_typed<false>))
      return "a handler for a base class saw something else";
    if (!alike(std::make_exception_ptr(std::runtime_error("r")), &raise_typed<true>, &raise_typed<false>))
      return "a handler saw something else";
    if (!alike(std::make_exception_ptr(Plain()), &raise_typed<true>, &raise_typed<false>))
      return "catch (...) saw something else";
    if (!alike(std::make_exception_ptr(std::logic_error("l")), &raise_again<true>, &raise_again<false>))
      return "throw; raised something else";
    if (direct_landings() != before + 8) return "no landing pad was found where there is one";
    return nullptr;
  } catch (...) {
    return "the exception was not caught where it should have been";
  }
}

}  // namespace heed::detail

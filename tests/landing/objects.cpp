// How long exceptions live, how often they are copied, and what std::uncaught_exceptions() says meanwhile.
#include <optional>
#include <stdexcept>

#include "heed/core/task.hpp"
#include "landing/case.hpp"

namespace heed::landing {
namespace {

Coro<> catches_by_value() {
  try {
    co_await raises(Counted(1));
  } catch (Counted counted) {
    note("caught", counted.value);
    counted.value = 10;
  }
  note("end");
}
HEED_LANDING_CASE(objects, a_copy_is_caught, yes, returns) { run_coro(catches_by_value()); }

Coro<> catches_by_reference() {
  try {
    co_await raises(Counted(1));
  } catch (Counted& counted) {
    note("caught", counted.value);
  }
  note("end");
}
HEED_LANDING_CASE(objects, destroyed_once_at_the_end_of_the_handler, yes, returns) { run_coro(catches_by_reference()); }

Coro<> keeps() {
  std::exception_ptr kept;
  try {
    co_await raises(Counted(1));
  } catch (...) {
    kept = std::current_exception();
    note(kept == std::current_exception() ? "same" : "other");
  }
  note("out of the handler");
  for (int i = 0; i < 2; ++i) {
    try {
      heed::detail::rethrow(kept);
    } catch (const Counted& counted) {
      note("again", counted.value, std::current_exception() == kept ? "same" : "other");
      if (i == 1) kept = nullptr;
      note("let go");
    }
  }
  note("end");
}
HEED_LANDING_CASE(objects, kept_and_thrown_later, yes, returns) { run_coro(keeps()); }

Coro<std::exception_ptr> hands_out() {
  try {
    co_await raises(Counted(1), true);
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}
HEED_LANDING_CASE(objects, handed_out_as_a_pointer, yes, returns) {
  std::exception_ptr error = run_coro(hands_out());
  note("out");
  try {
    std::rethrow_exception(error);
  } catch (const Counted& counted) {
    note(counted.value);
  }
  error = nullptr;
  note("end");
}

// Two that are thrown at the same time share one object.
Coro<> shares() {
  auto task = create_task(raises(Counted(1), true));
  for (int i = 0; i < 3; ++i) {
    try {
      co_await task;
    } catch (const Counted& outer) {
      std::exception_ptr first = std::current_exception();
      try {
        heed::detail::rethrow(first);
      } catch (const Counted& inner) {
        note(&inner == &outer ? "same" : "other", std::current_exception() == first);
      }
    }
  }
  task = {};
  note("end");
}
HEED_LANDING_CASE(objects, one_object_thrown_many_times, yes, returns) { run_coro(shares()); }

Coro<> same_at_every_level(int levels, const void** seen) {
  if (levels == 0) throw Counted(7);
  try {
    co_await same_at_every_level(levels - 1, seen);
  } catch (Counted& counted) {
    if (!*seen) *seen = &counted;
    note(*seen == &counted ? "same" : "other");
    throw;
  }
}
HEED_LANDING_CASE(objects, the_same_object_at_every_level, yes, returns) {
  const void* seen = nullptr;
  try {
    run_coro(same_at_every_level(6, &seen));
  } catch (Counted& counted) {
    note(seen == &counted ? "same" : "other");
  }
}

// --- destructors while an exception is uncaught ----------------------------------------------------------------------

[[gnu::noinline]] void throw_and_catch(int value) {
  try {
    Mark mark("in" + std::to_string(value));
    throw Counted(value);
  } catch (const Counted& counted) {
    note("inside", counted.value, "/", std::uncaught_exceptions());
  }
}
[[gnu::noinline]] void land_and_catch(int value) {
  std::exception_ptr error = std::make_exception_ptr(Counted(value));
  try {
    Mark mark("in" + std::to_string(value));
    heed::detail::rethrow(std::exchange(error, nullptr));
  } catch (const Counted& counted) {
    note("inside", counted.value, "/", std::uncaught_exceptions());
  }
}
struct Busy {
  explicit Busy(int id, int levels = 0) : value(id), depth(levels) {}
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    note("busy", value, "/", std::uncaught_exceptions(), std::current_exception() ? "some" : "none");
    throw_and_catch(value);
    land_and_catch(value + 1);
    if (depth > 0) {
      try {
        Busy deeper(value * 10, depth - 1);
        throw Counted(value + 2);
      } catch (const Counted& counted) {
        note("deep", counted.value, "/", std::uncaught_exceptions());
      }
    }
    note("/", std::uncaught_exceptions());
  }
  int value;
  int depth;
};
Coro<> busy_destructors() {
  Busy outer(100);
  try {
    Busy first(10, 2);
    Busy second(20);
    co_await raises(Counted(1), true);
  } catch (const Counted& counted) {
    note("caught", counted.value, "/", std::uncaught_exceptions());
  }
  co_await raises(Counted(2));
}
HEED_LANDING_CASE(objects, destructors_that_throw_and_catch, yes, returns) {
  try {
    run_coro(busy_destructors());
  } catch (const Counted& counted) {
    note("out", counted.value);
  }
}

// A destructor that runs a whole loop while an exception is on its way.
struct RunsLoop {
  ~RunsLoop() {
    try {
      EventLoop loop;
      loop.run_until_complete(busy_destructors());
    } catch (const Counted& counted) {
      note("loop", counted.value, "/", std::uncaught_exceptions());
    }
  }
};
HEED_LANDING_CASE(objects, a_loop_in_a_destructor, yes, returns) {
  try {
    RunsLoop outer;
    heed::detail::rethrow(std::make_exception_ptr(Counted(3)));
  } catch (const Counted& counted) {
    note("end", counted.value);
  }
}

struct Guard {  // as scope guards do it
  int before = std::uncaught_exceptions();
  const char* name;
  explicit Guard(const char* what) : name(what) {}
  ~Guard() { note(name, std::uncaught_exceptions() > before ? "failed" : "succeeded"); }
};
Coro<int> guarded(bool fails) {
  Guard outer("outer");
  int value = 0;
  try {
    Guard inner("inner");
    value = co_await gives(4);
    if (fails) value = co_await raises(Counted(1), true);
  } catch (const Counted&) {
    Guard handler("handler");
    value = -1;
  }
  co_return value;
}
HEED_LANDING_CASE(objects, scope_guards, yes, returns) {
  note(run_coro(guarded(false)));
  note(run_coro(guarded(true)));
}

// --- objects that throw ----------------------------------------------------------------------------------------------

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw std::runtime_error("copied"); }
  ThrowsWhenCopied(ThrowsWhenCopied&&) noexcept {}
};
Coro<> copy_throws() {
  try {
    co_await raises(ThrowsWhenCopied());
  } catch (ThrowsWhenCopied) {
    note("caught");
  } catch (const std::exception& error) {
    note(error.what());
  }
}
HEED_LANDING_CASE(objects, the_copy_of_a_handler_throws, any, terminates) { run_coro(copy_throws()); }

struct ThrowsWhenDestroyed {
  bool throws = true;
  ~ThrowsWhenDestroyed() noexcept(false) {
    note("destroyed", std::uncaught_exceptions());
    if (throws) throw std::runtime_error("destroyed");
  }
};
Coro<> destroyed_while_uncaught() {
  try {
    ThrowsWhenDestroyed local;
    co_await raises(Counted(1));
  } catch (...) {
    note("caught");
  }
}
HEED_LANDING_CASE(objects, a_destructor_throws_meanwhile, any, terminates) { run_coro(destroyed_while_uncaught()); }

Coro<> destroyed_in_a_handler() {
  try {
    try {
      co_await raises(Counted(1));
    } catch (const Counted&) {
      ThrowsWhenDestroyed local;
      note("handler");
    }
  } catch (const std::exception& error) {
    note(error.what(), std::uncaught_exceptions());
  }
}
HEED_LANDING_CASE(objects, a_destructor_throws_in_a_handler, yes, returns) { run_coro(destroyed_in_a_handler()); }

}  // namespace
}  // namespace heed::landing

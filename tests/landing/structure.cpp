// How try blocks, handlers and functions are nested.
#include <stdexcept>

#include "landing/case.hpp"

namespace heed::landing {
namespace {

struct Base {
  virtual ~Base() = default;
  virtual std::string name() const { return "Base"; }
};
struct Derived : Base {
  std::string name() const override { return "Derived"; }
};
struct Other : Base {
  std::string name() const override { return "Other"; }
};

Coro<> inner_does_not_match() {
  try {
    Mark outer("outer");
    try {
      Mark inner("inner");
      co_await raises(Derived());
    } catch (const Other&) {
      note("wrong");
    } catch (const std::exception&) {
      note("wrong");
    }
    note("wrong");
  } catch (const Base& base) {
    note(base.name(), "/", std::uncaught_exceptions());
  }
}
HEED_LANDING_CASE(structure, the_inner_try_does_not_match, yes, returns) { run_coro(inner_does_not_match()); }

Coro<> three_deep(int depth) {
  Mark a("a");
  try {
    Mark b("b");
    try {
      Mark c("c");
      try {
        Mark d("d");
        if (depth == 0) co_await raises(Derived());
        if (depth == 1) co_await raises(Other());
        co_await raises(Base());
      } catch (const Derived& error) {
        note("1:", error.name());
        throw;
      }
    } catch (const Other& error) {
      note("2:", error.name());
      throw Derived();
    } catch (const Derived& error) {
      note("3:", error.name());
      throw Other();
    }
  } catch (const Base& error) {
    note("4:", error.name());
  }
}
HEED_LANDING_CASE(structure, three_try_blocks, yes, returns) {
  for (int depth = 0; depth < 3; ++depth) run_coro(three_deep(depth));
}

Coro<> cleanup_only() {
  Mark a("a");
  Mark b("b");
  co_await raises(Derived());
  note("wrong");
}
HEED_LANDING_CASE(structure, destructors_and_no_try, yes, returns) {
  try {
    run_coro(cleanup_only());
  } catch (const Base& error) {
    note(error.name(), std::uncaught_exceptions());
  }
}

Coro<> nothing_at_all() { co_await raises(Derived()); }
HEED_LANDING_CASE(structure, nothing_to_destroy_and_no_try, yes, returns) {
  try {
    run_coro(nothing_at_all());
  } catch (const Base& error) {
    note(error.name());
  }
}

Coro<> handlers_in_handlers() {
  try {
    co_await raises(Derived());
  } catch (const Base& first) {
    note(first.name(), "/", std::uncaught_exceptions());
    std::exception_ptr outer = std::current_exception();
    try {
      heed::detail::rethrow(std::make_exception_ptr(Other()));
    } catch (const Base& second) {
      note(second.name(), "/", std::uncaught_exceptions());
      try {
        heed::detail::rethrow(outer);
      } catch (const Derived& third) {
        note(third.name(), std::current_exception() == outer ? "same" : "other");
        note(&third == &first ? "same object" : "other object");
      }
      note(std::current_exception() == outer ? "same" : "other");
    }
    note(std::current_exception() == outer ? "same" : "other");
  }
  note(std::current_exception() ? "some" : "none");
}
HEED_LANDING_CASE(structure, try_in_a_handler, yes, returns) { run_coro(handlers_in_handlers()); }

// --- function try blocks ---------------------------------------------------------------------------------------------

int function_try(const std::exception_ptr& error) try {
  Mark mark("in");
  heed::detail::rethrow(error);
} catch (const Derived& caught) {
  note(caught.name());
  return 1;
} catch (const Base& caught) {
  note(caught.name());
  throw;
}

struct Member {
  explicit Member(const std::exception_ptr& error) {
    if (error) heed::detail::rethrow(error);
  }
  ~Member() { note("~member"); }
};
struct Built : Base {
  explicit Built(const std::exception_ptr& error) try : mark("first"), member(error), late("late") {
    note("built");
  } catch (const Base& caught) {
    note("not built:", caught.name(), std::uncaught_exceptions());
    // thrown again at the end, as by throw;
  }
  Mark mark;
  Member member;
  Mark late;
};

Coro<> call_function_try() {
  std::exception_ptr derived = std::make_exception_ptr(Derived()), other = std::make_exception_ptr(Other());
  note(function_try(derived));
  try {
    function_try(other);
  } catch (Other&) {
    note(std::current_exception() == other ? "same" : "other");
  }
  try {
    Built built(other);
  } catch (const Other&) {
    note("other", std::uncaught_exceptions());
  }
  try {
    Built built(nullptr);
    co_await raises(Derived());
  } catch (const Derived&) {
    note("end");
  }
}
HEED_LANDING_CASE(structure, function_try_blocks, yes, returns) { run_coro(call_function_try()); }

// --- throw; ----------------------------------------------------------------------------------------------------------

[[gnu::noinline]] void throw_again() { throw; }
[[gnu::noinline]] void throw_again_and_catch() {
  try {
    throw;
  } catch (const Derived& error) {
    note("again:", error.name(), std::uncaught_exceptions());
  }
}

Coro<> again(int how) {
  Mark mark("outer");
  try {
    try {
      Mark inner("inner");
      co_await raises(Derived());
    } catch (const Base& error) {
      note("first:", error.name());
      Mark handler("handler");
      if (how == 0) throw;
      if (how == 1) throw_again();
      if (how == 2) throw_again_and_catch();
      if (how == 3) {
        try {
          throw;
        } catch (const Derived&) {
          note("nested");
          throw;
        }
      }
      if (how == 4) {
        try {
          throw Other();
        } catch (const Other&) {
          throw_again();
        }
      }
    }
  } catch (const Derived&) {
    note("derived/", std::uncaught_exceptions());
  } catch (const Other&) {
    note("other/", std::uncaught_exceptions());
  }
}
HEED_LANDING_CASE(structure, thrown_again, yes, returns) {
  for (int how = 0; how < 5; ++how) run_coro(again(how));
}

Coro<> through(int levels) {
  Mark mark("level" + std::to_string(levels));
  if (levels == 0) throw Counted(1);
  try {
    co_await through(levels - 1);
  } catch (const Counted& counted) {
    note("at", levels, "=", counted.value);
    throw;
  }
}
HEED_LANDING_CASE(structure, thrown_again_on_every_level, yes, returns) {
  try {
    run_coro(through(5));
  } catch (const Counted&) {
    note("out");
  }
}

// --- another exception -----------------------------------------------------------------------------------------------

Coro<> replaces() {
  try {
    try {
      co_await raises(Counted(1));
    } catch (const Counted&) {
      Mark mark("handler");
      throw Counted(2);
    }
  } catch (const Counted& counted) {
    note("caught", counted.value);
  }
}
HEED_LANDING_CASE(structure, replaced_in_a_handler, yes, returns) { run_coro(replaces()); }

Coro<> replaces_by_landing() {
  std::exception_ptr second = std::make_exception_ptr(Counted(2));
  try {
    try {
      co_await raises(Counted(1));
    } catch (const Counted& counted) {
      note("caught", counted.value);
      heed::detail::rethrow(std::exchange(second, nullptr));
    }
  } catch (const Counted& counted) {
    note("caught", counted.value);
  }
}
HEED_LANDING_CASE(structure, replaced_by_one_that_lands, yes, returns) { run_coro(replaces_by_landing()); }

Coro<> leaves_handler_early(int how) {
  for (int i = 0; i < 3; ++i) {
    try {
      co_await raises(Counted(i));
    } catch (const Counted& counted) {
      Mark mark("h");
      note("caught", counted.value);
      if (how == 0) continue;
      if (how == 1) break;
      if (how == 2) co_return;
      if (how == 3) goto end;
    }
    note("after");
  }
end:
  note("end", std::current_exception() ? "some" : "none");
}
HEED_LANDING_CASE(structure, handlers_that_are_left, yes, returns) {
  for (int how = 0; how < 5; ++how) run_coro(leaves_handler_early(how));
}

void print_nested(const std::exception& error) {
  note(error.what());
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& inner) {
    print_nested(inner);
  }
}
Coro<> nests(int levels) {
  if (levels == 0) throw std::runtime_error("innermost");
  try {
    co_await nests(levels - 1);
  } catch (...) {
    std::throw_with_nested(std::logic_error("level " + std::to_string(levels)));
  }
}
HEED_LANDING_CASE(structure, nested_exceptions, yes, returns) {
  try {
    run_coro(nests(4));
  } catch (const std::exception& error) {
    print_nested(error);
  }
}

}  // namespace
}  // namespace heed::landing

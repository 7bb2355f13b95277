// noexcept, exception specifications, std::terminate() and its handlers.
#include <csignal>
#include <stdexcept>
#include <thread>

#include <pthread.h>
#include <sys/auxv.h>

#include "landing/case.hpp"
#include "landing/old_style.hpp"

namespace heed::landing {
namespace {

Coro<> noexcept_coroutine() noexcept {
  Mark mark("m");
  co_await raises(std::runtime_error("in a noexcept coroutine"));
}
// The exception is the result of the coroutine: nothing leaves the function.
HEED_LANDING_CASE(ends, a_noexcept_coroutine, yes, returns) {
  try {
    run_coro(noexcept_coroutine());
  } catch (const std::runtime_error& error) {
    note(error.what());
  }
}

HEED_LANDING_CASE(ends, a_noexcept_lambda_coroutine, yes, returns) {
  auto lambda = []() noexcept -> Coro<> {
    try {
      co_await raises(std::runtime_error("lambda"), true);
    } catch (const std::logic_error&) {
      note("wrong");
    }
  };
  try {
    run_coro(lambda());
  } catch (const std::runtime_error& error) {
    note(error.what());
  }
}

[[gnu::noinline]] void noexcept_function(const std::exception_ptr& error) noexcept {
  Mark mark("m");
  heed::detail::rethrow(error);
}
HEED_LANDING_CASE(ends, out_of_a_noexcept_function, any, terminates) {
  noexcept_function(std::make_exception_ptr(std::runtime_error("noexcept")));
}

Coro<> noexcept_inside() {
  auto lambda = [](const std::exception_ptr& error) noexcept { heed::detail::rethrow(error); };
  std::exception_ptr error;
  try {
    co_await raises(std::runtime_error("inlined noexcept"));
  } catch (...) {
    error = std::current_exception();
  }
  try {
    lambda(error);
  } catch (...) {
    note("wrong");
  }
}
HEED_LANDING_CASE(ends, a_noexcept_lambda_that_is_inlined, any, terminates) { run_coro(noexcept_inside()); }

[[gnu::noinline]] int noexcept_between(const std::exception_ptr& error) noexcept {
  try {
    Mark mark("m");
    heed::detail::rethrow(error);
  } catch (const std::logic_error&) {
    return 1;
  }
}
HEED_LANDING_CASE(ends, a_noexcept_function_that_handles_it, yes, returns) {
  note(noexcept_between(std::make_exception_ptr(std::logic_error("l"))));
}
HEED_LANDING_CASE(ends, a_noexcept_function_that_handles_others, any, terminates) {
  note(noexcept_between(std::make_exception_ptr(std::runtime_error("r"))));
}

[[gnu::noinline]] void main_throws(const std::exception_ptr& error) { heed::detail::rethrow(error); }
[[gnu::noinline]] void throw_again() { throw; }
[[gnu::noinline]] void throw_again_noexcept() noexcept { throw_again(); }
HEED_LANDING_CASE(ends, thrown_again_with_nobody_to_catch, any, terminates) {
  auto thread_end = []() noexcept {
    try {
      main_throws(std::make_exception_ptr(std::runtime_error("first")));
    } catch (const std::exception& error) {
      note(error.what());
      throw_again();
    }
  };
  thread_end();
}

// --- handlers --------------------------------------------------------------------------------------------------------

Coro<> lands_and_throws_on() {
  try {
    co_await raises(std::runtime_error("landed"));
  } catch (const std::runtime_error& error) {
    note("caught", error.what());
    throw_again_noexcept();
  }
}
HEED_LANDING_CASE(ends, a_landed_exception_leaves_noexcept, any, terminates) { run_coro(lands_and_throws_on()); }

// std::terminate() for a thrown exception calls the handler of when it was thrown.
std::terminate_handler first_handler;
Coro<> handler_of_the_throw() {
  first_handler = std::get_terminate();
  try {
    co_await raises(std::runtime_error("landed"));
  } catch (const std::runtime_error&) {
    std::set_terminate([] {
      note("the new handler");
      first_handler();
    });
    throw_out_of_noexcept_old_style();
  }
}
HEED_LANDING_CASE(ends, a_terminate_handler_that_is_replaced, any, terminates) { run_coro(handler_of_the_throw()); }

// --- exception specifications of C++14 -------------------------------------------------------------------------------

struct Wrong {};
Coro<> violates(bool waits) {
  try {
    co_await raises(Wrong(), waits);
  } catch (const Wrong&) {
    note("caught");
    try {
      throw_again_only_int();
    } catch (int number) {
      note("unexpected", number);
    }
  }
}
HEED_LANDING_CASE(ends, a_violated_specification, yes, returns) {
  UnexpectedThrowsInt handler;
  run_coro(violates(false));
  run_coro(violates(true));
}
HEED_LANDING_CASE(ends, a_violated_specification_and_no_handler, any, terminates) { run_coro(violates(false)); }

Coro<> keeps_specification() {
  try {
    co_await raises(std::logic_error("allowed"));
  } catch (const std::exception&) {
    try {
      throw_again_only_exceptions();
    } catch (const std::logic_error& error) {
      note(error.what());
    }
  }
}
HEED_LANDING_CASE(ends, a_specification_that_is_kept, yes, returns) { run_coro(keeps_specification()); }

// --- other ways to leave a function ----------------------------------------------------------------------------------

struct LandsWhenDestroyed {
  ~LandsWhenDestroyed() {
    try {
      Mark mark("in");
      heed::detail::rethrow(std::make_exception_ptr(std::logic_error("in a destructor")));
    } catch (const std::exception& error) {
      note(error.what(), std::uncaught_exceptions());
    }
  }
};
// A thread that is cancelled is unwound by force; no handler may keep it.
[[gnu::noinline]] void cancel_thread(int where, const std::exception_ptr& error) {
  LandsWhenDestroyed outer;
  try {
    Mark mark("m");
    heed::detail::rethrow(error);
  } catch (const std::runtime_error& caught) {
    LandsWhenDestroyed inner;
    note(caught.what());
    ::pthread_cancel(::pthread_self());
    if (where == 0) ::pthread_testcancel();
  }
  try {
    ::pthread_testcancel();
    note("wrong");
  } catch (...) {
    note("cancelled", std::uncaught_exceptions());
    throw;
  }
}
HEED_LANDING_CASE(ends, a_thread_that_is_cancelled, any, returns) {
  for (int where = 0; where < 2; ++where) {
    std::string seen;
    std::thread thread([where, &seen] {
      struct Keep {
        std::string& seen;
        ~Keep() { seen = trace(); }
      } keep{seen};
      trace().clear();
      cancel_thread(where, std::make_exception_ptr(std::runtime_error("landed")));
    });
    thread.join();
    note(seen);
  }
}

void on_signal(int) {
  try {
    Mark mark("signal");
    heed::detail::rethrow(std::make_exception_ptr(std::logic_error("in a signal handler")));
  } catch (const std::logic_error& error) {
    note(error.what(), std::uncaught_exceptions());
  }
}
Coro<> raises_signals() {
  try {
    struct Raises {
      ~Raises() { std::raise(SIGUSR1); }
    } raises_signal;
    co_await raises(std::runtime_error("landed"));
  } catch (const std::runtime_error& error) {
    std::raise(SIGUSR1);
    note(error.what(), std::uncaught_exceptions());
  }
}
HEED_LANDING_CASE(ends, in_a_signal_handler, yes, returns) {
  auto before = std::signal(SIGUSR1, &on_signal);
  std::raise(SIGUSR1);
  run_coro(raises_signals());
  std::signal(SIGUSR1, before);
}

#ifdef __aarch64__
// Contents of the matrix register that wait for being saved (SME): the unwinder would save them.
HEED_LANDING_CASE(ends, with_matrices_to_be_saved, any, returns) {
  bool has_matrices = ::getauxval(AT_HWCAP2) & (1ul << 23);
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("matrices"));
  std::uint64_t nothing_to_save[2] = {};
  std::uint64_t before = heed::detail::direct_landings();
  if (has_matrices) asm volatile("msr s3_3_c13_c0_5, %0" : : "r"(&nothing_to_save) : "memory");  // tpidr2_el0
  try {
    Mark mark("m");
    heed::detail::rethrow(error);
  } catch (const std::runtime_error& caught) {
    note(caught.what());
  }
  if (has_matrices) asm volatile("msr s3_3_c13_c0_5, xzr");
  note(has_matrices && heed::detail::direct_landings() != before ? "landed" : "as it should be");
}
#endif

}  // namespace
}  // namespace heed::landing

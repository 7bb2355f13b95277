// What the library raises, and everything that can be awaited.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "heed/core/task.hpp"
#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/async_generator.hpp"
#include "heed/flow/gather.hpp"
#include "heed/flow/shield.hpp"
#include "heed/flow/task_group.hpp"
#include "heed/flow/timeout.hpp"
#include "heed/flow/wait_for.hpp"
#include "heed/sync/event.hpp"
#include "heed/sync/lock.hpp"
#include "heed/sync/queue.hpp"
#include "landing/case.hpp"

namespace heed::landing {
namespace {

using namespace std::chrono_literals;

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
Coro<int> fails(std::string what, bool waits = true) { return raises(Failed(what), waits); }

// --- tasks and futures -----------------------------------------------------------------------------------------------

Coro<> awaits_tasks(bool waits) {
  auto task = create_task(fails("task", waits));
  for (int i = 0; i < 2; ++i) {
    try {
      Mark mark("m");
      note(co_await task);
    } catch (const Failed& failed) {
      note(failed.what());
    }
  }
  try {
    co_await create_task(fails("temporary", waits));
  } catch (const std::exception& error) {
    note(error.what());
  }
  auto kept = create_task(fails("kept", waits));
  co_await yield_now();
  co_await yield_now();
  co_await std::move(kept);
}
HEED_LANDING_CASE(runtime, tasks, yes, returns) {
  for (bool waits : {false, true}) {
    try {
      run_coro(awaits_tasks(waits));
    } catch (const Failed& failed) {
      note("out", failed.what());
    }
  }
}

Coro<> awaits_futures(bool later) {
  Future<int> future = running_loop().create_future<int>();
  auto finish = [&future] { future.set_exception(std::make_exception_ptr(Failed("future"))); };
  if (later) {
    running_loop().call_soon(finish);
  } else {
    finish();
  }
  try {
    note(co_await future);
  } catch (const Failed& failed) {
    note(failed.what());
  }
  try {
    note(co_await std::move(future));
  } catch (const std::runtime_error& error) {
    note(error.what());
  }
}
HEED_LANDING_CASE(runtime, futures, yes, returns) {
  run_coro(awaits_futures(false));
  run_coro(awaits_futures(true));
}

Coro<> awaits_invalid() {
  Coro<int> coro = gives(1);
  note(co_await std::move(coro));
  try {
    note(co_await std::move(coro));
  } catch (const InvalidStateError& error) {
    note(error.what());
  }
}
HEED_LANDING_CASE(runtime, a_coroutine_awaited_twice, any, returns) { run_coro(awaits_invalid()); }

Coro<> gathers() {
  try {
    auto [one, two] = co_await gather(gives(1, true), fails("second"));
    note(one, two);
  } catch (const Failed& failed) {
    note(failed.what());
  }
  try {
    co_await gather(cancel_rest, fails("a"), fails("b"), gives(3, true));
  } catch (const ExceptionGroup& group) {
    note(group.exceptions().size());
  } catch (const Failed& failed) {
    note(failed.what());
  }
  std::vector<Coro<int>> many;
  for (int i = 0; i < 5; ++i) many.push_back(i == 3 ? fails("third") : gives(i, i % 2 == 0));
  co_await gather(std::move(many));
}
HEED_LANDING_CASE(runtime, gather, yes, returns) {
  try {
    run_coro(gathers());
  } catch (const Failed& failed) {
    note("out", failed.what());
  }
}

Coro<> grouped(bool one_only) {
  Mark mark("grouped");
  co_await task_group([one_only](TaskGroup& group) -> Coro<> {
    Mark inside("body");
    group.create_task(fails("child"));
    if (!one_only) group.create_task(fails("other child"));
    co_await sleep(10s);
  });
}
HEED_LANDING_CASE(runtime, a_group_of_exceptions, yes, returns) {
  auto main = []() -> Coro<> {
    for (bool one_only : {true, false}) {
      try {
        co_await grouped(one_only);
      } catch (const ExceptionGroup& group) {
        note("group of", group.exceptions().size());
        for (const std::exception_ptr& error : group.exceptions()) {
          try {
            heed::detail::rethrow(error);
          } catch (const Failed& failed) {
            note(failed.what());
          }
        }
      }
    }
  };
  run_coro(main());
}

// --- cancellation ----------------------------------------------------------------------------------------------------

// Cancels the task that runs `body` when it waits.
template <class C>
Coro<> cancelled(C body, bool swallows = false) {
  auto task = create_task(std::move(body));
  co_await yield_now();
  task.cancel();
  try {
    co_await std::move(task);
    note(swallows ? "swallowed" : "wrong");
  } catch (const std::exception&) {
    note("wrong");
  } catch (const CancelledError& error) {
    note("cancelled:", error.what(), std::uncaught_exceptions());
  }
}

Coro<> sleeps(bool swallows) {
  Mark mark("m");
  try {
    Mark inner("inner");
    co_await sleep(10s);
  } catch (const CancelledError& error) {
    note("in:", error.reason() ? "reason" : "none", std::uncaught_exceptions());
    if (!swallows) throw;
  }
}
HEED_LANDING_CASE(runtime, a_sleep_that_is_cancelled, yes, returns) {
  run_coro(cancelled(sleeps(false)));
  run_coro(cancelled(sleeps(true), true));
}

Coro<> waits_in(int what) {
  Mark mark("m");
  Queue<int> queue(1);
  Event event;
  Lock lock;
  Future<> future = running_loop().create_future<>();
  try {
    switch (what) {
      case 0: note(co_await queue.get()); break;
      case 1:
        co_await queue.put(1);
        co_await queue.put(2);
        break;
      case 2: co_await event.wait(); break;
      case 3:
        co_await lock.acquire();
        co_await lock.acquire();
        break;
      case 4: co_await future; break;
      case 5: co_await shield(gives(1, true)); break;
      case 6:
        for (;;) co_await yield_now();
      case 7: co_await gather(sleeps(false), sleeps(false)); break;
      default: co_await sleeps(false); break;
    }
    note("wrong");
  } catch (const CancelledError&) {
    note("what", what, std::uncaught_exceptions());
    throw;
  }
}
HEED_LANDING_CASE(runtime, every_wait_cancelled, yes, returns) {
  for (int what = 0; what < 9; ++what) run_coro(cancelled(waits_in(what)));
}

Coro<> shut_down() {
  Queue<int> queue;
  auto getter = create_task([&queue]() -> Coro<int> {
    try {
      co_return co_await queue.get();
    } catch (const QueueShutDown& error) {
      note(error.what());
      throw;
    }
  });
  co_await yield_now();
  queue.shutdown();
  try {
    co_await getter;
  } catch (const QueueShutDown&) {
    note("out");
  }
  try {
    co_await queue.put(1);
  } catch (const std::exception& error) {
    note(error.what());
  }
}
HEED_LANDING_CASE(runtime, a_queue_that_is_shut_down, yes, returns) { run_coro(shut_down()); }

Coro<> times_out() {
  try {
    co_await timeout(1ms, [](Timeout&) -> Coro<> {
      Mark mark("body");
      try {
        co_await sleep(10s);
      } catch (const CancelledError&) {
        note("cancelled");
        throw;
      }
    });
  } catch (const TimeoutError& error) {
    note(error.code() == std::errc::timed_out ? "timed out" : "wrong");
  }
  try {
    co_await wait_for(sleep(10s), 1ms);
  } catch (const std::system_error& error) {
    note(error.what());
  }
  co_await timeout(1ms, sleep(10s));
}
HEED_LANDING_CASE(runtime, timeouts, yes, returns) {
  try {
    run_coro(times_out());
  } catch (const TimeoutError&) {
    note("out");
  }
}

template <class E>
Coro<> throws_and_catches(E error) {
  for (bool waits : {false, true}) {
    try {
      co_await raises(error, waits);
    } catch (const std::exception& caught) {
      note("exception", caught.what());
    } catch (const CancelledError& caught) {
      note("cancelled", caught.what());
    } catch (const BaseException& caught) {
      note("base", caught.what());
    }
  }
}
HEED_LANDING_CASE(runtime, every_type_of_the_library, yes, returns) {
  run_coro(throws_and_catches(CancelledError("c")));
  run_coro(throws_and_catches(GeneratorExit("g")));
  run_coro(throws_and_catches(KeyboardInterrupt("k")));
  run_coro(throws_and_catches(SystemExit(3)));
  run_coro(throws_and_catches(TimeoutError("t")));
  run_coro(throws_and_catches(InvalidStateError("i")));
  run_coro(throws_and_catches(ExceptionGroup("e", {std::make_exception_ptr(Failed("f"))})));
}

// --- generators ------------------------------------------------------------------------------------------------------

AsyncGenerator<int> counts(int bad) {
  Mark mark("generator");
  for (int i = 0; i < 3; ++i) {
    if (i == bad) co_await fails("at " + std::to_string(i));
    try {
      co_yield i;
    } catch (const GeneratorExit&) {
      note("exit");
      throw;
    }
  }
}
Coro<> generates(int bad) {
  auto generator = counts(bad);
  try {
    for (;;) {
      auto item = co_await generator.next();
      if (!item) break;
      note(*item);
      if (bad == 4 && *item == 1) {
        co_await generator.aclose();
        break;
      }
    }
  } catch (const Failed& failed) {
    note(failed.what());
  }
}
HEED_LANDING_CASE(runtime, generators, yes, returns) {
  for (int bad = 0; bad < 5; ++bad) run_coro(generates(bad));
}

// --- deep and wide ---------------------------------------------------------------------------------------------------

Coro<int> deep(int levels, int every, bool passes) {
  if (levels == 0) {
    co_await yield_now();
    throw Failed("deep");
  }
  if (passes && levels % 3 == 0) co_return co_await pass(deep(levels - 1, every, passes));
  if (every == 0 || levels % every != 0) co_return 1 + co_await deep(levels - 1, every, passes);
  try {
    co_return 1 + co_await deep(levels - 1, every, passes);
  } catch (Failed& failed) {
    note(levels);
    throw;
  }
}
void run_deep(int levels, int every, bool passes) {
  try {
    note(run_coro(deep(levels, every, passes)));
  } catch (const Failed& failed) {
    note("out", failed.what());
  }
}
HEED_LANDING_CASE(runtime, two_thousand_levels, yes, returns) { run_deep(2000, 0, false); }
HEED_LANDING_CASE(runtime, two_thousand_levels_with_handlers, yes, returns) { run_deep(2000, 100, false); }
HEED_LANDING_CASE(runtime, two_thousand_levels_with_pass, yes, returns) { run_deep(2000, 50, true); }

Coro<> pass_and_plain() {
  Mark mark("m");
  try {
    auto middle = []() -> Coro<int> {
      Mark inner("inner");
      try {
        co_return co_await pass(fails("passed"));
      } catch (const Failed&) {
        note("wrong");
      }
      co_return 0;
    };
    note(co_await middle());
  } catch (const Failed& failed) {
    note(failed.what());
  }
  auto outcome = co_await as_result(fails("as a result"));
  note(outcome.has_value() ? "value" : "failure");
  co_await pass(create_task(fails("passed task")));
}
HEED_LANDING_CASE(runtime, pass_and_plain_awaits, yes, returns) {
  try {
    run_coro(pass_and_plain());
  } catch (const Failed& failed) {
    note("out", failed.what());
  }
}

Coro<int> fibonacci(int n) {
  if (n < 2) throw n;
  int sum = 0;
  for (int i = 1; i <= 2; ++i) {
    try {
      sum += co_await fibonacci(n - i);
    } catch (int value) {
      sum += value;
    } catch (const Failed& failed) {
      sum += std::stoi(failed.what());
    }
  }
  if (n % 2) throw Failed(std::to_string(sum));
  co_return sum;
}
HEED_LANDING_CASE(runtime, recursion, yes, returns) {
  auto main = []() -> Coro<> { note(co_await fibonacci(12)); };
  run_coro(main());
}

// Threads land at the same places for the first time together.
HEED_LANDING_CASE(runtime, threads, any, returns) {
  constexpr int count = 4;
  std::string seen[count];
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  std::exception_ptr shared = std::make_exception_ptr(Failed("shared"));
  for (int i = 0; i < count; ++i)
    threads.emplace_back([i, &seen, &ready, &shared] {
      ++ready;
      while (ready != count) std::this_thread::yield();
      for (int round = 0; round < 20; ++round) {
        trace().clear();
        run_deep(10, 3, false);
        run_coro(cancelled(sleeps(false)));
        run_coro(throws_and_catches(TimeoutError("t")));
        try {
          Mark mark("m");
          heed::detail::rethrow(shared);
        } catch (const Failed& failed) {
          note(failed.what());
        }
        seen[i] += trace();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : seen) note(one);
}

}  // namespace
}  // namespace heed::landing

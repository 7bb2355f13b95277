// One program that uses every primitive, cancelled at each of its await points in turn.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/flow/as_completed.hpp"
#include "heed/flow/async_generator.hpp"
#include "heed/flow/cancel_scope.hpp"
#include "heed/flow/cleanup.hpp"
#include "heed/flow/gather.hpp"
#include "heed/flow/shield.hpp"
#include "heed/flow/staggered_race.hpp"
#include "heed/flow/task_group.hpp"
#include "heed/flow/timeout.hpp"
#include "heed/flow/wait.hpp"
#include "heed/flow/wait_for.hpp"
#include "heed/sync/barrier.hpp"
#include "heed/sync/capacity_limiter.hpp"
#include "heed/sync/condition.hpp"
#include "heed/sync/event.hpp"
#include "heed/sync/lock.hpp"
#include "heed/sync/queue.hpp"
#include "heed/sync/semaphore.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

// What the program works with. Nothing of it may be lost or held when the program has ended, however it ends.
struct Workshop {
  Lock lock;
  Condition condition;
  Event event;
  Semaphore semaphore{2};
  BoundedSemaphore bounded{1};
  CapacityLimiter limiter{2};
  Barrier barrier{2};
  Queue<Counted> queue{1};
  int produced = 0;
  int consumed = 0;
  int resources = 0;
  bool changed = false;
  std::string completed;

  void expect_nothing_held() const {
    EXPECT_FALSE(lock.locked());
    EXPECT_FALSE(condition.locked());
    EXPECT_FALSE(semaphore.locked());
    EXPECT_FALSE(bounded.locked());
    EXPECT_EQ(limiter.borrowed_tokens(), 0u);
    EXPECT_EQ(barrier.n_waiting(), 0);
    EXPECT_EQ(resources, 0);
    EXPECT_EQ(produced, consumed + static_cast<int>(queue.qsize()));
  }
};

Coro<> holds_locks(Workshop& shop) {
  auto guard = co_await shop.lock.scoped();
  co_await yield_now();
  auto slot = co_await shop.semaphore.scoped();
  auto only = co_await shop.bounded.scoped();
  auto token = co_await shop.limiter.acquire();
  co_await sleep(1ms);
  shop.completed += 'l';
}

Coro<> waits_for_change(Workshop& shop) {
  auto guard = co_await shop.condition.scoped();
  co_await shop.condition.wait_for([&] { return shop.changed; });
  shop.completed += 'c';
}

Coro<> changes(Workshop& shop) {
  co_await sleep(1ms);
  auto guard = co_await shop.condition.scoped();
  shop.changed = true;
  shop.condition.notify_all();
  shop.event.set();
}

Coro<> meets(Workshop& shop) { co_await shop.barrier.wait(); }

Coro<> produces(Workshop& shop) {
  for (int i = 0; i < 3; ++i) {
    Outcome<void> put = co_await as_result(shop.queue.put(Counted(i)));
    if (put) ++shop.produced;
    put.value();
  }
  shop.queue.shutdown();
}

Coro<> consumes(Workshop& shop) {
  for (;;) {
    auto item = co_await shop.queue.next();
    if (!item) break;
    ++shop.consumed;
    co_await yield_now();
  }
}

AsyncGenerator<int> counts(Workshop& shop) {
  ++shop.resources;
  try {
    for (int i = 0; i < 2; ++i) {
      co_await sleep(1ms);
      co_yield i;
    }
  } catch (...) {
    --shop.resources;
    throw;
  }
  --shop.resources;
}

Coro<> generates(Workshop& shop) {
  AsyncGenerator<int> numbers = counts(shop);
  auto body = [&]() -> Coro<> {
    for (;;) {
      auto item = co_await numbers.next();
      if (!item) break;
    }
  };
  auto close = [&]() -> Coro<> { co_await numbers.aclose(); };
  co_await finally(body, close);
}

Coro<> cleans_up(Workshop& shop) {
  auto acquire = [&]() -> Coro<int> {
    co_await yield_now();
    ++shop.resources;
    co_return 1;
  };
  auto use = [](int&) -> Coro<> { co_await sleep(2ms); };
  auto release = [&](int&) -> Coro<> {
    --shop.resources;
    co_await shielded(sleeps(1ms));
  };
  co_await with(acquire(), use, release);
}

Coro<> waits_in_many_ways(Workshop& shop) {
  Task<> a = create_task(sleeps(1ms)), b = create_task(sleeps(2ms));
  auto cancel_both = [&]() -> Coro<> {
    a.cancel();
    b.cancel();
    co_await shielded([&]() -> Coro<> { co_await wait(ALL_COMPLETED, a, b); });
  };
  auto body = [&]() -> Coro<> {
    co_await wait(FIRST_COMPLETED, a, b);
    for (Coro<> next : as_completed(std::vector{a, b})) co_await std::move(next);
    co_await gather(sleeps(1ms), turns(2));
    co_await try_gather(sleeps(1ms), turns(1));
    co_await gather(cancel_rest, sleeps(1ms), turns(1));
    co_await wait_for(sleeps(1ms), 1h);
    co_await shield(b);
    co_await timeout(1h, sleeps(1ms));
    auto late = [&]() -> Coro<> { co_await timeout(1ms, sleeps(1h)); };
    Outcome<void> expired = co_await as_result(late());
    if (expired.cancelled()) expired.value();
    CancelScope scope(ScopeOptions().deadline_in(1ms));
    co_await scope.run(sleeps(1h));
    auto one = []() -> Coro<int> {
      co_await sleep(5ms);
      co_return 1;
    };
    auto two = []() -> Coro<int> {
      co_await sleep(1ms);
      co_return 2;
    };
    auto winner = co_await staggered_race(1ms, one, two);
    static_cast<void>(winner);
    co_await shop.event.wait();
  };
  co_await finally(body, cancel_both);
  shop.completed += 'w';
}

Coro<> program(Workshop& shop) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.spawn([](Workshop& s) { return holds_locks(s); }, std::ref(shop));
    group.create_task(holds_locks(shop));
    group.create_task(waits_for_change(shop));
    group.create_task(changes(shop));
    group.create_task(meets(shop));
    group.create_task(meets(shop));
    group.create_task(produces(shop));
    group.create_task(consumes(shop));
    group.create_task(generates(shop));
    group.create_task(cleans_up(shop));
    co_await waits_in_many_ways(shop);
  };
  co_await task_group(body);
  shop.completed += '.';
}

class CancelEverywhere : public LoopTest {
 protected:
  // Runs the program and cancels it after so many iterations, and again after `again` more. Whether it was still running
  // then.
  bool cancel_after(int turns, std::optional<int> again = {}) {
    SCOPED_TRACE("cancelled after " + std::to_string(turns) + " iterations" +
                 (again ? " and again after " + std::to_string(*again) : ""));
    bool running = false;
    {
      Workshop shop;
      Task<> task = loop.create_task(program(shop));
      step(turns);
      running = !task.done();
      task.cancel("enough");
      if (again) {
        step(*again);
        task.cancel("at once");
      }
      for (int i = 0; i < 500 && !task.done(); ++i) step(1);
      EXPECT_TRUE(task.done());
      step(50);
      EXPECT_TRUE(all_tasks(loop).empty());
      // A request that finds no await any more, or only shielded ones, comes too late: the work was done.
      if (!running || !task.cancelled()) {
        EXPECT_EQ(task.exception(), nullptr);
        EXPECT_EQ(shop.completed.size(), 5u) << shop.completed;
      }
      shop.expect_nothing_held();
    }
    EXPECT_EQ(Counted::live, 0);
    EXPECT_TRUE(loop.failures().balanced()) << loop.failures().summary();
    EXPECT_EQ(loop.failures().failures().live, 0u);
    EXPECT_EQ(loop.failures().cancellations().pending, 0u) << loop.failures().summary();
    EXPECT_TRUE(loop.reports.empty());
    return running;
  }
  void step(int turns) {
    for (int i = 0; i < turns; ++i) {
      loop.turn();
      time.advance(250us);
    }
  }
};

TEST_F(CancelEverywhere, at_each_await_point_nothing_is_held_lost_or_leaked) {
  int turns = 0;
  while (cancel_after(turns) && !HasFailure()) ++turns;
  EXPECT_GT(turns, 40) << "the program has that many points at least";
}

TEST_F(CancelEverywhere, a_second_request_during_the_cleanup_changes_nothing_of_that) {
  for (int turns = 0; !HasFailure(); ++turns) {
    bool running = true;
    for (int again = 0; again < 8 && !HasFailure(); ++again) running = cancel_after(turns, again) && running;
    if (!running) break;
  }
}

}  // namespace
}  // namespace heed::test

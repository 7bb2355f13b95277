// What every awaitable of this floor offers: as_result, pass, gather, create_task, as_coro; and where its failure is.
#include <gtest/gtest.h>

#include "heed/flow/gather.hpp"
#include "heed/flow/run.hpp"
#include "heed/sync/barrier.hpp"
#include "heed/sync/capacity_limiter.hpp"
#include "heed/sync/condition.hpp"
#include "heed/sync/event.hpp"
#include "heed/sync/lock.hpp"
#include "heed/sync/queue.hpp"
#include "heed/sync/semaphore.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Awaitables : public LoopTest {
 protected:
  // The task that waits for `awaitable` inside of `wrap` is cancelled; gives how that ended.
  template <class Make>
  void check_cancelled(const char* what, Make make) {
    auto as_result_body = [&]() -> Coro<bool> {
      auto outcome = co_await as_result(make());
      co_return outcome.cancelled();
    };
    Task<bool> result = loop.create_task(as_result_body());
    auto pass_inner = [&]() -> Coro<> {
      static_cast<void>(co_await pass(make()));
      ADD_FAILURE() << what << ": went on";
    };
    Task<> passed = loop.create_task(pass_inner());
    auto task = loop.create_task(make());
    auto gathered = [&]() -> Coro<> { co_await gather(make()); };
    Task<> in_gather = loop.create_task(gathered());
    auto as_part = [&]() -> Coro<> { static_cast<void>(co_await as_coro(make())); };
    Task<> part = loop.create_task(as_part());
    loop.turn(3);
    for (AnyFuture future :
         {AnyFuture(result), AnyFuture(passed), AnyFuture(task), AnyFuture(in_gather), AnyFuture(part)}) {
      EXPECT_FALSE(future.done()) << what;
      future.cancel();
    }
    loop.turn(6);
    ASSERT_TRUE(result.done() && passed.done() && task.done() && in_gather.done() && part.done()) << what;
    EXPECT_TRUE(result.result()) << what;
    EXPECT_TRUE(passed.cancelled()) << what;
    EXPECT_TRUE(task.cancelled()) << what;
    EXPECT_TRUE(in_gather.cancelled()) << what;
    EXPECT_TRUE(part.cancelled()) << what;
  }
};

TEST_F(Awaitables, each_can_be_cancelled_in_whatever_it_is_wrapped) {
  Lock lock;
  ASSERT_TRUE(lock.try_acquire());
  check_cancelled("acquire", [&] { return lock.acquire(); });
  check_cancelled("scoped", [&] { return lock.scoped(); });
  Event event;
  check_cancelled("event", [&] { return event.wait(); });
  Semaphore semaphore(0);
  check_cancelled("semaphore", [&] { return semaphore.acquire(); });
  check_cancelled("semaphore scoped", [&] { return semaphore.scoped(); });
  Barrier barrier(99);
  check_cancelled("barrier", [&] { return barrier.wait(); });
  Queue<int> queue(1);
  check_cancelled("get", [&] { return queue.get(); });
  check_cancelled("next", [&] { return queue.next(); });
  queue.put_nowait(1);
  check_cancelled("put", [&] { return queue.put(2); });
  check_cancelled("join", [&] { return queue.join(); });
  EXPECT_EQ(queue.qsize(), 1u);
  CapacityLimiter limiter(0);
  int borrowers[8];
  int next = 0;
  check_cancelled("limiter", [&] { return limiter.acquire_on_behalf_of(&borrowers[next++ % 8]); });
  check_cancelled("sleep", [] { return sleep(std::chrono::hours(1)); });
}

TEST_F(Awaitables, values_come_through_every_wrapping) {
  Queue<std::string> queue;
  for (const char* text : {"a", "b", "c", "d", "e"}) queue.put_nowait(text);
  auto body = [&]() -> Coro<std::string> {
    Outcome<std::string> first = co_await as_result(queue.get());
    std::string all = std::move(first).value();
    std::string second = co_await pass(queue.get());
    all += second;
    auto gathered = co_await gather(queue.get(), queue.next());
    all += std::get<0>(gathered) + *std::get<1>(gathered);
    Task<std::string> task = create_task(queue.get());
    std::string last = co_await task;
    co_return all + last;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "abcde");
}

TEST_F(Awaitables, guards_come_through_every_wrapping) {
  Lock lock;
  Semaphore semaphore(2);
  auto body = [&]() -> Coro<> {
    Outcome<LockGuard> outcome = co_await as_result(lock.scoped());
    LockGuard guard = std::move(outcome).value();
    EXPECT_TRUE(guard.owns());
    guard.release();
    {
      LockGuard passed = co_await pass(lock.scoped());
      EXPECT_TRUE(passed.owns());
    }
    {
      auto guards = co_await gather(lock.scoped(), semaphore.scoped());
      EXPECT_TRUE(lock.locked());
      EXPECT_EQ(semaphore.value(), 1);
      EXPECT_TRUE(std::get<0>(guards).owns());
    }
    EXPECT_FALSE(lock.locked());
    EXPECT_EQ(semaphore.value(), 2);
  };
  loop.run_until_complete(body());
}

TEST_F(Awaitables, a_failure_is_passed_without_a_throw_also_when_it_fails_at_once) {
  Queue<int> queue;
  queue.shutdown();
  bool seen_inside = false;
  auto inner = [&]() -> Coro<> {
    try {
      co_await pass(queue.get());
    } catch (const QueueShutDown&) {
      seen_inside = true;
    }
  };
  EXPECT_THROW(loop.run_until_complete(inner()), QueueShutDown);
  EXPECT_FALSE(seen_inside);
}

TEST_F(Awaitables, a_failure_that_comes_later_is_passed_without_a_throw) {
  Queue<int> queue;
  bool seen_inside = false;
  auto inner = [&]() -> Coro<> {
    try {
      co_await pass(queue.get());
    } catch (const QueueShutDown&) {
      seen_inside = true;
    }
  };
  Task<> task = loop.create_task(inner());
  loop.turn();
  queue.shutdown();
  EXPECT_THROW(loop.run_until_complete(task), QueueShutDown);
  EXPECT_FALSE(seen_inside);
}

TEST_F(Awaitables, the_report_of_a_failure_names_the_line_of_its_await) {
  Queue<int> queue;
  unsigned line = 0;
  auto body = [&]() -> Coro<> {
    queue.shutdown();
    co_await yield_now();
    line = __LINE__ + 1;
    co_await queue.get();
  };
  loop.create_task(body());
  loop.turn(2);
  SeenReport report = loop.take_report();
  ASSERT_TRUE(report.record);
  ASSERT_FALSE(report.record->await_chain.sites.empty());
  EXPECT_EQ(report.record->await_chain.sites.front().line(), line);
}

TEST_F(Awaitables, an_awaitable_can_be_made_first_and_awaited_later) {
  Lock lock;
  auto body = [&]() -> Coro<> {
    auto later = lock.scoped();
    EXPECT_FALSE(lock.locked());
    co_await yield_now();
    auto guard = co_await std::move(later);
    EXPECT_TRUE(lock.locked());
  };
  loop.run_until_complete(body());
}

TEST_F(Awaitables, each_says_what_a_task_waits_for) {
  Event event;
  Semaphore semaphore(0);
  BoundedSemaphore bounded(0);
  Barrier barrier(2);
  Queue<int> queue(1);
  Condition condition;
  CapacityLimiter limiter(0);
  queue.put_nowait(1);
  Queue<int> empty;
  auto waits = [&]() -> Coro<> {
    auto guard = co_await condition.scoped();
    co_await condition.wait();
  };
  std::vector<AnyTask> tasks{
      AnyTask(loop.create_task(event.wait())),      AnyTask(loop.create_task(semaphore.acquire())),
      AnyTask(loop.create_task(bounded.acquire())), AnyTask(loop.create_task(barrier.wait())),
      AnyTask(loop.create_task(empty.get())),       AnyTask(loop.create_task(queue.put(2))),
      AnyTask(loop.create_task(queue.join())),      AnyTask(loop.create_task(waits())),
      AnyTask(loop.create_task(limiter.acquire()))};
  loop.turn();
  std::vector<std::string> names;
  for (const AnyTask& task : tasks)
    names.push_back(static_cast<detail::TaskState&>(task.state()).waiting_on()->describe_wait());
  EXPECT_EQ(names, (std::vector<std::string>{"Event", "Semaphore", "BoundedSemaphore", "Barrier", "Queue.get",
                                             "Queue.put", "Queue.join", "Condition", "CapacityLimiter"}));
  for (AnyTask& task : tasks) task.cancel();
  loop.turn(3);
}

TEST_F(Awaitables, a_loop_that_closes_takes_out_who_waits_and_gives_back_what_was_granted) {
  Event event;
  Semaphore semaphore(0);
  Barrier barrier(3);
  Queue<int> empty, full(1);
  CapacityLimiter limiter(0);
  full.put_nowait(1);
  TestLoop other(time);
  other.create_task(event.wait());
  other.create_task(semaphore.acquire());
  other.create_task(barrier.wait());
  other.create_task(empty.get());
  other.create_task(full.put(2));
  other.create_task(full.join());
  other.create_task(limiter.acquire());
  other.turn();
  semaphore.release();
  empty.put_nowait(3);
  EXPECT_EQ(full.get_nowait(), 1);
  limiter.set_total_tokens(1);
  other.close();
  other.take_reports(7);
  close_and_check(other);
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_EQ(barrier.n_waiting(), 0u);
  EXPECT_EQ(empty.get_nowait(), 3);
  full.put_nowait(4);
  EXPECT_TRUE(full.full());
  EXPECT_EQ(limiter.borrowed_tokens(), 0u);
  EXPECT_EQ(limiter.statistics().tasks_waiting, 0u);
}

// A program ends while others still wait for, or hold, what lived in its main coroutine.
TEST_F(Awaitables, a_program_may_end_while_others_hold_or_wait_for_what_main_owns) {
  std::string order;
  auto main = [&]() -> Coro<> {
    Lock lock;
    Queue<int> queue;
    Condition condition;
    auto holds = [&]() -> Coro<> {
      auto guard = co_await lock.scoped();
      co_await sleep(std::chrono::hours(1));
    };
    auto waits = [&]() -> Coro<> { auto guard = co_await lock.scoped(); };
    auto gets = [&]() -> Coro<> { co_await queue.get(); };
    auto conditional = [&]() -> Coro<> {
      auto guard = co_await condition.scoped();
      co_await condition.wait();
    };
    for (int i = 0; i < 2; ++i) {
      create_task(holds());
      create_task(waits());
      create_task(gets());
      create_task(conditional());
    }
    co_await yield_now();
    order += "main ends";
  };
  loop.create_task(main());
  loop.turn(4);
  EXPECT_EQ(order, "main ends");
  std::size_t errors = loop.reports.size();
  for (const SeenReport& report : std::exchange(loop.reports, {}))
    EXPECT_TRUE(contains(report.exception, "was destroyed while a task waited for it")) << report.exception;
  EXPECT_EQ(errors, 7u) << "all but the one that holds the lock and sleeps";
  for (const AnyTask& task : all_tasks(loop)) AnyTask(task).cancel();
  loop.turn();
}

}  // namespace
}  // namespace heed::test

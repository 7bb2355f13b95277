// Lock: who has it, who gets it next, and what is done with it wrongly.
#include "heed/sync/lock.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Locking : public LoopTest {
 protected:
  Lock lock;
  std::string order;

  Coro<> holder(char name, int turns = 1) {
    auto guard = co_await lock.scoped();
    order += name;
    for (int i = 0; i < turns; ++i) co_await yield_now();
  }
  Task<> start(char name) { return loop.create_task(holder(name)); }
};

TEST_F(Locking, releasing_a_lock_that_is_not_held_is_an_error) {
  EXPECT_EQ(thrown<std::runtime_error>([&] { lock.release(); }), "Lock is not acquired.");
}

TEST_F(Locking, releasing_it_twice_is_an_error) {
  ASSERT_TRUE(lock.try_acquire());
  lock.release();
  EXPECT_EQ(thrown<std::runtime_error>([&] { lock.release(); }), "Lock is not acquired.");
}

TEST_F(Locking, an_error_in_the_protected_block_releases_it) {
  auto body = [&]() -> Coro<> {
    auto guard = co_await lock.scoped();
    throw std::runtime_error("inside");
  };
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(body()); }), "inside");
  EXPECT_FALSE(lock.locked());
}

TEST_F(Locking, waiting_for_it_in_a_second_loop_is_an_error) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  TestLoop other(time);
  auto body = [&]() -> Coro<> { co_await lock.acquire(); };
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(body()); }),
            "Lock is bound to a different event loop");
  close_and_check(other);
  loop.turn(4);
  EXPECT_EQ(order, "ab");
}

TEST_F(Locking, a_free_lock_can_be_taken_in_any_loop) {
  TestLoop other(time);
  other.run_until_complete(holder('a', 0));
  loop.run_until_complete(holder('b', 0));
  EXPECT_EQ(order, "ab");
  close_and_check(other);
}

TEST_F(Locking, who_waits_when_it_is_destroyed_gets_an_error) {
  std::optional<Lock> doomed(std::in_place);
  ASSERT_TRUE(doomed->try_acquire());
  auto body = [&]() -> Coro<> { co_await doomed->acquire(); };
  Task<> task = loop.create_task(body());
  loop.turn();
  doomed.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "Lock was destroyed while a task waited for it");
}

TEST_F(Locking, who_was_granted_it_when_it_is_destroyed_gets_an_error) {
  std::optional<Lock> doomed(std::in_place);
  ASSERT_TRUE(doomed->try_acquire());
  auto body = [&]() -> Coro<> { co_await doomed->acquire(); };
  Task<> task = loop.create_task(body());
  loop.turn();
  doomed->release();
  doomed.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "Lock was destroyed while a task waited for it");
}

TEST_F(Locking, a_waiter_cancelled_after_it_was_destroyed_ends_cancelled) {
  std::optional<Lock> doomed(std::in_place);
  ASSERT_TRUE(doomed->try_acquire());
  auto body = [&]() -> Coro<> { co_await doomed->acquire(); };
  Task<> task = loop.create_task(body());
  loop.turn();
  doomed.reset();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Locking, a_guard_that_outlives_its_lock_holds_nothing) {
  std::optional<Lock> doomed(std::in_place);
  auto body = [&]() -> Coro<> {
    auto guard = co_await doomed->scoped();
    doomed.reset();
    EXPECT_FALSE(guard.owns());
    EXPECT_EQ(thrown<InvalidStateError>([&] { guard.release(); }),
              "the guard holds nothing: it was released or moved from");
  };
  loop.run_until_complete(body());
}

TEST_F(Locking, releasing_a_guard_twice_is_an_error) {
  auto body = [&]() -> Coro<> {
    LockGuard guard = co_await lock.scoped();
    guard.unlock();
    EXPECT_FALSE(guard);
    EXPECT_EQ(thrown<InvalidStateError>([&] { guard.unlock(); }),
              "the guard holds nothing: it was released or moved from");
  };
  loop.run_until_complete(body());
}

TEST_F(Locking, a_guard_that_was_moved_from_holds_nothing) {
  auto body = [&]() -> Coro<> {
    LockGuard first = co_await lock.scoped();
    LockGuard second = std::move(first);
    EXPECT_FALSE(first.owns());
    EXPECT_TRUE(second.owns());
    EXPECT_THROW(first.release(), InvalidStateError);
    EXPECT_TRUE(lock.locked());
  };
  loop.run_until_complete(body());
  EXPECT_FALSE(lock.locked());
}

TEST_F(Locking, a_guard_that_is_assigned_to_releases_what_it_held) {
  Lock other;
  auto body = [&]() -> Coro<> {
    LockGuard guard = co_await lock.scoped();
    LockGuard second = co_await other.scoped();
    guard = std::move(second);
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(other.locked());
  };
  loop.run_until_complete(body());
  EXPECT_FALSE(other.locked());
}

TEST_F(Locking, a_guard_does_not_release_what_somebody_else_acquired_meanwhile) {
  auto body = [&]() -> Coro<> {
    {
      LockGuard guard = co_await lock.scoped();
      lock.release();
      co_await lock.acquire();
      EXPECT_FALSE(guard.owns());
    }
    EXPECT_TRUE(lock.locked());
    lock.release();
  };
  loop.run_until_complete(body());
}

TEST_F(Locking, a_free_lock_is_acquired_without_a_turn_of_the_loop) {
  auto body = [&]() -> Coro<> {
    loop.call_soon([&] { order += 'x'; });
    co_await lock.acquire();
    order += 'a';
    lock.release();
    auto guard = co_await lock.scoped();
    order += 'b';
  };
  loop.run_until_complete(body());
  EXPECT_EQ(order.substr(0, 2), "ab");
}

TEST_F(Locking, it_is_handed_over_in_order_of_arrival) {
  for (char name : {'a', 'b', 'c', 'd'}) start(name);
  loop.turn(8);
  EXPECT_EQ(order, "abcd");
  EXPECT_FALSE(lock.locked());
}

TEST_F(Locking, a_newcomer_queues_behind_the_task_that_was_woken_for_it) {
  ASSERT_TRUE(lock.try_acquire());
  Task<> waiter = start('a');
  loop.turn();
  lock.release();
  EXPECT_FALSE(lock.locked()) << "it is on its way";
  EXPECT_FALSE(lock.try_acquire());
  Task<> newcomer = start('b');
  loop.turn(5);
  EXPECT_EQ(order, "ab");
}

TEST_F(Locking, another_task_may_release_it) {
  ASSERT_TRUE(lock.try_acquire());
  Task<> waiter = start('a');
  loop.turn();
  loop.call_soon([&] { lock.release(); });
  loop.turn(3);
  EXPECT_TRUE(waiter.done());
}

TEST_F(Locking, a_cancelled_waiter_leaves_the_line) {
  ASSERT_TRUE(lock.try_acquire());
  Task<> first = start('a'), second = start('b');
  loop.turn();
  first.cancel();
  loop.turn();
  EXPECT_TRUE(first.cancelled());
  lock.release();
  loop.turn(2);
  EXPECT_EQ(order, "b");
}

TEST_F(Locking, a_waiter_cancelled_after_the_lock_was_handed_to_it_hands_it_on) {
  ASSERT_TRUE(lock.try_acquire());
  Task<> first = start('a'), second = start('b');
  loop.turn();
  lock.release();
  first.cancel();
  loop.turn(3);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
  EXPECT_FALSE(lock.locked());
}

TEST_F(Locking, a_cancellation_taken_back_in_time_leaves_the_lock_with_the_waiter) {
  ASSERT_TRUE(lock.try_acquire());
  Task<> first = start('a');
  loop.turn();
  lock.release();
  first.cancel();
  first.uncancel();
  loop.turn();
  EXPECT_EQ(order, "a");
  loop.turn();
}

TEST_F(Locking, a_task_that_is_being_cancelled_still_gets_a_free_lock) {
  auto body = [&]() -> Coro<> {
    current_task().cancel();
    auto guard = co_await lock.scoped();
    order += 'a';
    co_await yield_now();
  };
  Task<> task = loop.create_task(body());
  loop.turn(2);
  EXPECT_EQ(order, "a");
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(lock.locked());
}

TEST_F(Locking, a_task_that_is_being_cancelled_does_not_wait_for_it) {
  ASSERT_TRUE(lock.try_acquire());
  auto body = [&]() -> Coro<> {
    current_task().cancel();
    co_await lock.acquire();
  };
  Task<> task = loop.create_task(body());
  loop.turn(2);
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Locking, a_pass_that_is_cancelled_after_the_lock_was_handed_over_hands_it_on_at_once) {
  ASSERT_TRUE(lock.try_acquire());
  auto passes = [&]() -> Coro<> { co_await pass(lock.acquire()); };
  auto keeps = [&]() -> Coro<> {
    Coro<> inner = passes();  // its frame lives on after it failed
    bool caught = false;
    try {
      co_await std::move(inner);
    } catch (const CancelledError&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
    co_await lock.acquire();
    order += 'k';
    lock.release();
  };
  Task<> task = loop.create_task(keeps()), next = start('b');
  loop.turn();
  lock.release();
  task.cancel();
  loop.turn(6);
  EXPECT_EQ(order, "bk");
  for (Task<>* each : {&task, &next}) {
    EXPECT_TRUE(each->done());
    each->cancel();
  }
  loop.turn();
}

TEST_F(Locking, a_loop_that_closes_takes_out_who_waits_and_hands_on_what_was_granted) {
  auto outer = std::make_unique<TestLoop>(time);
  ASSERT_TRUE(lock.try_acquire());
  outer->create_task(holder('a'));
  outer->create_task(holder('b'));
  outer->turn();
  lock.release();
  outer->close();
  outer->take_reports(2);
  close_and_check(*outer);
  EXPECT_EQ(order, "");
  EXPECT_TRUE(lock.try_acquire()) << "nobody is left in the line";
}

TEST_F(Locking, a_task_that_waits_says_for_what) {
  ASSERT_TRUE(lock.try_acquire());
  Task<> task = start('a');
  loop.turn();
  auto& state = static_cast<detail::TaskState&>(task.state());
  ASSERT_NE(state.waiting_on(), nullptr);
  EXPECT_EQ(state.waiting_on()->describe_wait(), "Lock");
  task.cancel();
  loop.turn();
}

TEST_F(Locking, a_thousand_tasks_get_it_one_after_the_other) {
  int inside = 0, done = 0;
  auto body = [&]() -> Coro<> {
    auto guard = co_await lock.scoped();
    EXPECT_EQ(++inside, 1);
    co_await yield_now();
    --inside;
    ++done;
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(loop.create_task(body()));
  loop.run_until_complete(gather(std::move(tasks)));
  EXPECT_EQ(done, 1000);
}

}  // namespace
}  // namespace heed::test

// Condition: waiting without the lock, and getting it back, whatever happens.
#include "heed/sync/condition.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Conditions : public LoopTest {
 protected:
  std::optional<Condition> condition{std::in_place};
  std::string order;

  Coro<> waiter(char name) {
    auto guard = co_await condition->scoped();
    co_await condition->wait();
    EXPECT_TRUE(condition->locked());
    EXPECT_TRUE(guard.owns());
    order += name;
  }
  Task<> start(char name) { return loop.create_task(waiter(name)); }
  // Shows its guard, and whether that has the lock again at the end.
  Coro<> guarded_waiter(bool owns_at_the_end) {
    auto guard = co_await condition->scoped();
    waits = &guard;
    co_await condition->wait();
    EXPECT_EQ(guard.owns(), owns_at_the_end);
    EXPECT_TRUE(condition->locked());
  }
  LockGuard* waits = nullptr;
  void notify(std::size_t count = 1) {
    ASSERT_TRUE(condition->lock().try_acquire());
    condition->notify(count);
    condition->release();
  }
};

TEST_F(Conditions, waiting_without_the_lock_is_an_error) {
  auto body = [&]() -> Coro<> { co_await condition->wait(); };
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(body()); }), "cannot wait on un-acquired lock");
}

TEST_F(Conditions, notifying_without_the_lock_is_an_error) {
  EXPECT_EQ(thrown<std::runtime_error>([&] { condition->notify(); }), "cannot notify on un-acquired lock");
  EXPECT_EQ(thrown<std::runtime_error>([&] { condition->notify_all(); }), "cannot notify on un-acquired lock");
}

TEST_F(Conditions, a_predicate_that_throws_comes_out_with_the_lock_held) {
  auto body = [&]() -> Coro<> {
    auto guard = co_await condition->scoped();
    bool held = false;
    try {
      co_await condition->wait_for([]() -> bool { throw std::runtime_error("predicate"); });
    } catch (const std::runtime_error& error) {
      order = error.what();
      held = guard.owns();
    }
    EXPECT_TRUE(held);
  };
  loop.run_until_complete(body());
  EXPECT_EQ(order, "predicate");
  EXPECT_FALSE(condition->locked());
}

TEST_F(Conditions, a_predicate_that_throws_after_a_notification_comes_out_with_the_lock_held) {
  bool fail = false;
  auto body = [&]() -> Coro<> {
    auto guard = co_await condition->scoped();
    co_await condition->wait_for([&]() -> bool { return fail ? throw std::runtime_error("predicate") : false; });
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  fail = true;
  notify();
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(task); }), "predicate");
  EXPECT_FALSE(condition->locked());
}

TEST_F(Conditions, waiting_in_a_second_loop_is_an_error_and_keeps_the_lock) {
  start('a');
  loop.turn();
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(waiter('b')); }),
            "Condition is bound to a different event loop");
  EXPECT_FALSE(condition->locked()) << "its guard released it";
  close_and_check(other);
  notify();
  loop.turn();
}

TEST_F(Conditions, a_lock_of_another_loop_is_an_error) {
  Lock lock;
  auto wants_it = [&]() -> Coro<> { auto guard = co_await lock.scoped(); };
  ASSERT_TRUE(lock.try_acquire());
  Task<> holder = loop.create_task(wants_it());
  loop.turn();
  lock.release();
  loop.turn();
  condition.emplace(lock);
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(waiter('b')); }),
            "Lock is bound to a different event loop");
  EXPECT_FALSE(lock.locked());
  close_and_check(other);
}

TEST_F(Conditions, who_waits_when_it_is_destroyed_gets_an_error) {
  Task<> task = start('a');
  loop.turn();
  condition.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "Condition was destroyed while a task waited for it");
}

TEST_F(Conditions, who_was_notified_when_it_is_destroyed_gets_an_error) {
  Task<> task = start('a');
  loop.turn();
  notify();
  condition.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "Condition was destroyed while a task waited for it");
}

TEST_F(Conditions, who_waits_for_the_lock_when_it_is_destroyed_gets_an_error) {
  Task<> task = start('a');
  loop.turn();
  ASSERT_TRUE(condition->lock().try_acquire());
  condition->notify();
  loop.turn(2);
  condition.reset();
  EXPECT_THROW(loop.run_until_complete(task), InvalidStateError);
}

TEST_F(Conditions, with_a_lock_of_its_own_destroyed_the_error_comes_with_the_lock) {
  Lock lock;
  condition.emplace(lock);
  auto body = [&]() -> Coro<> {
    auto guard = co_await lock.scoped();
    bool held = false;
    try {
      co_await condition->wait();
    } catch (const InvalidStateError& error) {
      order = error.what();
      held = guard.owns();
    }
    EXPECT_TRUE(held);
  };
  Task<> first = loop.create_task(body()), second = loop.create_task(body());
  loop.turn();
  condition.reset();
  loop.turn(3);
  EXPECT_TRUE(first.done() && second.done());
  EXPECT_EQ(order, "Condition was destroyed while a task waited for it");
  EXPECT_FALSE(lock.locked());
}

TEST_F(Conditions, a_waiter_on_its_way_to_a_given_lock_goes_on_when_the_condition_is_destroyed) {
  Lock lock;
  condition.emplace(lock);
  auto body = [&]() -> Coro<> {
    auto guard = co_await lock.scoped();
    co_await condition->wait();
    order += 'a';
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  ASSERT_TRUE(lock.try_acquire());
  condition->notify();
  loop.turn();
  condition.reset();
  lock.release();
  loop.turn();
  EXPECT_EQ(order, "a");
}

TEST_F(Conditions, a_given_lock_that_is_destroyed_first_takes_the_waiters_with_it) {
  std::optional<Lock> lock(std::in_place);
  condition.emplace(*lock);
  Task<> first = start('a'), second = start('b');
  loop.turn();
  notify();
  lock.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(first); }),
            "Lock was destroyed while a task waited for it");
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(second); }),
            "Lock was destroyed while a task waited for it");
  EXPECT_EQ(thrown<InvalidStateError>([&] { condition->notify(); }), "the lock of this condition was destroyed");
}

TEST_F(Conditions, a_guard_holds_nothing_while_its_task_waits) {
  Task<> task = loop.create_task(guarded_waiter(true));
  loop.turn();
  EXPECT_FALSE(waits->owns());
  EXPECT_EQ(thrown<InvalidStateError>([&] { waits->release(); }),
            "the guard holds nothing: it was released or moved from");
  notify();
  loop.run_until_complete(task);
  EXPECT_FALSE(condition->locked());
}

TEST_F(Conditions, a_guard_that_is_moved_while_its_task_waits_gets_the_lock_back_where_it_is) {
  LockGuard elsewhere;
  Task<> task = loop.create_task(guarded_waiter(false));
  loop.turn();
  elsewhere = std::move(*waits);
  EXPECT_FALSE(elsewhere.owns());
  notify();
  loop.run_until_complete(task);
  EXPECT_TRUE(elsewhere.owns());
  elsewhere.release();
  EXPECT_FALSE(condition->locked());
}

TEST_F(Conditions, without_its_guard_a_wait_ends_with_a_lock_to_be_released_by_hand) {
  Task<> task = loop.create_task(guarded_waiter(false));
  loop.turn();
  *waits = LockGuard();
  notify();
  loop.run_until_complete(task);
  EXPECT_TRUE(condition->locked());
  condition->release();
}

TEST_F(Conditions, a_guard_whose_lock_is_destroyed_while_its_task_waits_holds_nothing) {
  std::optional<Lock> lock(std::in_place);
  condition.emplace(*lock);
  auto body = [&]() -> Coro<> {
    auto guard = co_await lock->scoped();
    Outcome<void> outcome = co_await as_result(condition->wait());
    EXPECT_FALSE(outcome.has_value());
    EXPECT_FALSE(guard.owns());
    EXPECT_THROW(outcome.value(), InvalidStateError);
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  lock.reset();
  loop.run_until_complete(task);
}

TEST_F(Conditions, notified_tasks_continue_in_order_each_with_the_lock) {
  for (char name : {'a', 'b', 'c', 'd'}) start(name);
  loop.turn();
  notify(2);
  loop.turn(3);
  EXPECT_EQ(order, "ab");
  notify(5);
  loop.turn(3);
  EXPECT_EQ(order, "abcd");
}

TEST_F(Conditions, notify_all_wakes_everybody) {
  for (char name : {'a', 'b', 'c'}) start(name);
  loop.turn();
  ASSERT_TRUE(condition->lock().try_acquire());
  condition->notify_all();
  loop.turn(3);
  EXPECT_EQ(order, "") << "the lock is still held";
  condition->release();
  loop.turn(3);
  EXPECT_EQ(order, "abc");
}

TEST_F(Conditions, wait_for_gives_what_the_predicate_gave) {
  int value = 0;
  auto body = [&]() -> Coro<int> {
    auto guard = co_await condition->scoped();
    auto positive = [&] { return value > 2 ? value : 0; };
    int result = co_await condition->wait(positive);
    co_return result;
  };
  Task<int> task = loop.create_task(body());
  for (int i = 0; i < 3; ++i) {
    loop.turn(2);
    ++value;
    notify();
  }
  EXPECT_EQ(loop.run_until_complete(task), 3);
}

TEST_F(Conditions, a_predicate_may_give_what_can_only_be_moved) {
  auto body = [&]() -> Coro<int> {
    auto guard = co_await condition->scoped();
    auto predicate = [] { return std::make_unique<int>(7); };
    std::unique_ptr<int> result = co_await condition->wait_for(predicate);
    co_return *result;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 7);
}

TEST_F(Conditions, a_cancelled_wait_takes_the_lock_back_first) {
  bool held = false;
  auto body = [&]() -> Coro<> {
    auto guard = co_await condition->scoped();
    try {
      co_await condition->wait();
    } catch (const CancelledError&) {
      held = guard.owns();
      throw;
    }
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  ASSERT_TRUE(condition->lock().try_acquire());
  task.cancel();
  loop.turn(5);
  EXPECT_FALSE(task.done());
  condition->release();
  loop.turn();
  EXPECT_TRUE(held);
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(condition->locked());
  EXPECT_EQ(loop.failures().cancellations().delivered, 1u);
}

TEST_F(Conditions, more_requests_while_it_waits_for_the_lock_are_one_error_with_the_last_reason) {
  Task<> task = start('a');
  loop.turn();
  ASSERT_TRUE(condition->lock().try_acquire());
  for (const char* text : {"first", "second", "third"}) {
    task.cancel(text);
    loop.turn(2);
  }
  condition->release();
  loop.turn();
  std::exception_ptr error = caught([&] { task.result(); });
  EXPECT_EQ(std::string(find<CancelledError>(error)->what()), "third");
}

TEST_F(Conditions, a_notification_of_a_task_that_is_cancelled_goes_to_the_next) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  notify();
  first.cancel();
  loop.turn(3);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
}

TEST_F(Conditions, a_task_that_is_cancelled_and_then_notified_does_not_take_the_notification) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  first.cancel();
  notify();
  loop.turn(3);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
}

TEST_F(Conditions, a_cancelled_task_that_was_not_notified_wakes_nobody) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  first.cancel();
  loop.turn(3);
  EXPECT_TRUE(first.cancelled());
  EXPECT_FALSE(second.done());
  notify();
  loop.turn(2);
  EXPECT_EQ(order, "b");
}

TEST_F(Conditions, a_task_that_is_being_cancelled_gets_its_error_with_the_lock) {
  auto body = [&]() -> Coro<> {
    auto guard = co_await condition->scoped();
    current_task().cancel();
    try {
      co_await condition->wait();
    } catch (const CancelledError&) {
      order += guard.owns() ? "held" : "not held";
      throw;
    }
  };
  Task<> task = loop.create_task(body());
  loop.turn(3);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(order, "held");
}

TEST_F(Conditions, a_passed_wait_that_is_cancelled_ends_with_the_lock) {
  auto inner = [&]() -> Coro<> { co_await pass(condition->wait()); };
  auto body = [&]() -> Coro<> {
    co_await condition->acquire();
    Outcome<void> outcome = co_await as_result(inner());
    EXPECT_TRUE(outcome.cancelled());
    EXPECT_TRUE(condition->locked());
    condition->release();
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  task.cancel();
  loop.turn(3);
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(condition->locked());
}

TEST_F(Conditions, several_conditions_can_share_a_lock) {
  Lock lock;
  Condition other(lock);
  condition.emplace(lock);
  auto body = [&]() -> Coro<> {
    auto guard = co_await lock.scoped();
    co_await other.wait();
    order += 'o';
  };
  start('a');
  loop.create_task(body());
  loop.turn();
  notify();
  loop.turn(2);
  EXPECT_EQ(order, "a");
  ASSERT_TRUE(lock.try_acquire());
  other.notify();
  lock.release();
  loop.turn(2);
  EXPECT_EQ(order, "ao");
}

TEST_F(Conditions, a_loop_that_closes_takes_out_who_waits_in_every_stage) {
  for (int stage = 0; stage < 4; ++stage) {
    condition.emplace();
    TestLoop outer(time);
    outer.create_task(waiter('a'));
    outer.create_task(waiter('b'));
    outer.turn();
    if (stage > 0) {
      ASSERT_TRUE(condition->lock().try_acquire());
      condition->notify();
      if (stage > 1) outer.turn();
      if (stage > 2) condition->release();
    }
    outer.close();
    outer.take_reports(2);
    close_and_check(outer);
    if (stage == 1 || stage == 2) condition->release();
    EXPECT_TRUE(condition->lock().try_acquire()) << stage;
    condition->notify_all();
    condition->release();
  }
  EXPECT_EQ(order, "");
}

}  // namespace
}  // namespace heed::test

// Semaphore and BoundedSemaphore: at most so many at a time.
#include "heed/sync/semaphore.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Semaphores : public LoopTest {
 protected:
  std::optional<Semaphore> semaphore{std::in_place, 0};
  std::string order;

  Coro<> acquirer(char name) {
    co_await semaphore->acquire();
    order += name;
  }
  Task<> start(char name) { return loop.create_task(acquirer(name)); }
};

TEST_F(Semaphores, a_negative_value_is_an_error) {
  EXPECT_EQ(thrown<std::invalid_argument>([] { Semaphore bad(-1); }), "Semaphore initial value must be >= 0");
  EXPECT_EQ(thrown<std::invalid_argument>([] { BoundedSemaphore bad(-1); }), "Semaphore initial value must be >= 0");
}

TEST_F(Semaphores, a_bounded_one_cannot_be_released_too_often) {
  BoundedSemaphore bounded(1);
  ASSERT_TRUE(bounded.try_acquire());
  bounded.release();
  EXPECT_EQ(thrown<std::invalid_argument>([&] { bounded.release(); }), "BoundedSemaphore released too many times");
  EXPECT_EQ(bounded.value(), 1);
}

TEST_F(Semaphores, a_guard_that_cannot_release_any_more_reports_it) {
  BoundedSemaphore bounded(1);
  auto body = [&]() -> Coro<> {
    auto guard = co_await bounded.scoped();
    bounded.release();
  };
  loop.run_until_complete(body());
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Exception when a guard released what it held");
  EXPECT_EQ(report.exception, "std::invalid_argument: BoundedSemaphore released too many times");
}

TEST_F(Semaphores, a_plain_one_may_grow) {
  semaphore->release();
  EXPECT_FALSE(semaphore->locked());
  semaphore->release();
  EXPECT_EQ(semaphore->value(), 2);
}

TEST_F(Semaphores, waiting_in_a_second_loop_is_an_error) {
  Task<> task = start('a');
  loop.turn();
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(acquirer('b')); }),
            "Semaphore is bound to a different event loop");
  close_and_check(other);
  semaphore->release();
  loop.turn();
}

TEST_F(Semaphores, who_waits_when_it_is_destroyed_gets_an_error) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  semaphore->release();
  semaphore.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(first); }),
            "Semaphore was destroyed while a task waited for it");
  EXPECT_THROW(loop.run_until_complete(second), InvalidStateError);
}

TEST_F(Semaphores, guards_that_outlive_it_hold_nothing) {
  semaphore.emplace(2);
  auto body = [&]() -> Coro<> {
    SemaphoreGuard first = co_await semaphore->scoped();
    SemaphoreGuard second = co_await semaphore->scoped();
    SemaphoreGuard moved = std::move(first);
    semaphore.reset();
    EXPECT_FALSE(moved.owns());
    EXPECT_FALSE(second.owns());
  };
  loop.run_until_complete(body());
}

TEST_F(Semaphores, slots_are_given_in_order_of_arrival) {
  for (char name : {'a', 'b', 'c'}) start(name);
  loop.turn();
  semaphore->release();
  semaphore->release();
  loop.turn();
  EXPECT_EQ(order, "ab");
  semaphore->release();
  loop.turn();
  EXPECT_EQ(order, "abc");
}

TEST_F(Semaphores, a_newcomer_waits_behind_the_one_on_its_way_even_when_there_is_a_slot_for_it) {
  start('a');
  loop.turn();
  semaphore->release();
  semaphore->release();
  EXPECT_TRUE(semaphore->locked());
  EXPECT_FALSE(semaphore->try_acquire());
  start('b');
  loop.turn(3);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(semaphore->value(), 0);
}

TEST_F(Semaphores, a_waiter_cancelled_after_it_got_a_slot_gives_it_to_the_next) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  semaphore->release();
  first.cancel();
  loop.turn(2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
}

TEST_F(Semaphores, a_waiter_cancelled_after_it_got_a_slot_gives_it_back) {
  Task<> first = start('a');
  loop.turn();
  semaphore->release();
  first.cancel();
  loop.turn();
  EXPECT_EQ(semaphore->value(), 1);
  EXPECT_TRUE(semaphore->try_acquire());
}

TEST_F(Semaphores, never_more_than_its_value_are_inside) {
  semaphore.emplace(3);
  int inside = 0, most = 0;
  auto body = [&]() -> Coro<> {
    auto guard = co_await semaphore->scoped();
    most = std::max(most, ++inside);
    co_await turns(2);
    --inside;
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(loop.create_task(body()));
  loop.run_until_complete(gather(std::move(tasks)));
  EXPECT_EQ(most, 3);
  EXPECT_EQ(semaphore->value(), 3);
}

}  // namespace
}  // namespace heed::test

// CapacityLimiter: who holds how many tokens.
#include "heed/sync/capacity_limiter.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Limiting : public LoopTest {
 protected:
  std::optional<CapacityLimiter> limiter{std::in_place, 1};
  std::string order;

  Coro<> borrower(char name, int turns_held = 1) {
    auto token = co_await limiter->acquire();
    order += name;
    co_await turns(turns_held);
  }
  Task<> start(char name, int turns_held = 1) { return loop.create_task(borrower(name, turns_held)); }
};

TEST_F(Limiting, a_negative_number_of_tokens_is_an_error) {
  EXPECT_EQ(thrown<std::invalid_argument>([] { CapacityLimiter bad(-1); }), "total_tokens must be >= 0");
  EXPECT_EQ(thrown<std::invalid_argument>([&] { limiter->set_total_tokens(-1); }), "total_tokens must be >= 0");
  EXPECT_EQ(limiter->total_tokens(), 1u);
}

TEST_F(Limiting, a_task_cannot_take_two_tokens) {
  limiter->set_total_tokens(5);
  auto body = [&]() -> Coro<> {
    auto first = co_await limiter->acquire();
    auto second = co_await limiter->acquire();
  };
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(body()); }),
            "this borrower is already holding one of this CapacityLimiter's tokens");
  EXPECT_EQ(limiter->borrowed_tokens(), 0u);
}

TEST_F(Limiting, a_borrower_that_waits_cannot_wait_twice) {
  int thing = 0;
  LimiterGuard held = limiter->acquire_on_behalf_of_nowait(&order);
  auto body = [&]() -> Coro<> { auto token = co_await limiter->acquire_on_behalf_of(&thing); };
  Task<> first = loop.create_task(body());
  loop.turn();
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(body()); }),
            "this borrower is already waiting for one of this CapacityLimiter's tokens");
  held.release();
  loop.turn();
  EXPECT_TRUE(first.done());
}

TEST_F(Limiting, releasing_what_is_not_held_is_an_error) {
  const char* text = "this borrower isn't holding any of this CapacityLimiter's tokens";
  EXPECT_EQ(thrown<std::runtime_error>([&] { limiter->release_on_behalf_of(&order); }), text);
  auto body = [&]() -> Coro<> {
    limiter->release();
    co_return;
  };
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(body()); }), text);
}

TEST_F(Limiting, outside_of_a_task_the_borrower_must_be_named) {
  EXPECT_EQ(thrown<std::runtime_error>([&] { static_cast<void>(limiter->acquire_nowait()); }),
            "no task is running: say on whose behalf");
  EXPECT_THROW(limiter->release(), std::runtime_error);
}

TEST_F(Limiting, not_waiting_for_a_token_that_is_not_free_is_an_error) {
  LimiterGuard held = limiter->acquire_on_behalf_of_nowait(&order);
  EXPECT_EQ(thrown<WouldBlock>([&] { static_cast<void>(limiter->acquire_on_behalf_of_nowait(&loop)); }),
            "no token is free");
  EXPECT_EQ(limiter->statistics().borrowers.size(), 1u);
}

TEST_F(Limiting, waiting_in_a_second_loop_is_an_error_that_leaves_no_trace) {
  start('a', 2);
  start('b');
  loop.turn();
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(borrower('x')); }),
            "CapacityLimiter is bound to a different event loop");
  close_and_check(other);
  EXPECT_EQ(limiter->statistics().tasks_waiting, 1u);
  loop.turn(6);
  EXPECT_EQ(order, "ab");
}

TEST_F(Limiting, who_waits_when_it_is_destroyed_gets_an_error_and_guards_hold_nothing) {
  LimiterGuard held = limiter->acquire_on_behalf_of_nowait(&order);
  Task<> task = start('a');
  loop.turn();
  limiter.reset();
  EXPECT_FALSE(held.owns());
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "CapacityLimiter was destroyed while a task waited for it");
}

TEST_F(Limiting, tokens_are_given_in_order_of_arrival) {
  for (char name : {'a', 'b', 'c'}) start(name);
  loop.turn(8);
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(limiter->available_tokens(), 1u);
}

TEST_F(Limiting, a_waiter_cancelled_after_it_got_a_token_hands_it_on) {
  LimiterGuard held = limiter->acquire_on_behalf_of_nowait(&order);
  Task<> first = start('a'), second = start('b');
  loop.turn();
  held.release();
  first.cancel();
  loop.turn(4);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
  EXPECT_EQ(limiter->borrowed_tokens(), 0u);
}

TEST_F(Limiting, a_cancelled_waiter_may_ask_again) {
  LimiterGuard held = limiter->acquire_on_behalf_of_nowait(&order);
  auto body = [&]() -> Coro<> {
    Outcome<LimiterGuard> first = co_await as_result(limiter->acquire());
    EXPECT_TRUE(first.cancelled());
    LimiterGuard second = co_await limiter->acquire();
    order += 'a';
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  task.cancel();
  loop.turn();
  held.release();
  loop.turn();
  EXPECT_EQ(order, "a");
}

TEST_F(Limiting, a_token_released_by_hand_is_not_released_by_the_guard_again) {
  auto body = [&]() -> Coro<> {
    {
      auto token = co_await limiter->acquire();
      limiter->release();
      EXPECT_FALSE(token.owns());
      auto again = co_await limiter->acquire();
      std::swap(token, again);
      EXPECT_EQ(limiter->borrowed_tokens(), 1u);
    }
    EXPECT_EQ(limiter->borrowed_tokens(), 0u);
  };
  loop.run_until_complete(body());
}

TEST_F(Limiting, more_tokens_let_those_who_wait_go_on) {
  for (char name : {'a', 'b', 'c', 'd'}) start(name, 9);
  loop.turn();
  EXPECT_EQ(order, "a");
  limiter->set_total_tokens(3);
  loop.turn();
  EXPECT_EQ(order, "abc");
  limiter->set_total_tokens(CapacityLimiter::unlimited);
  loop.turn();
  EXPECT_EQ(order, "abcd");
  loop.turn(12);
}

TEST_F(Limiting, fewer_tokens_take_none_away_but_give_none_out) {
  limiter->set_total_tokens(2);
  start('a', 1);
  start('b', 3);
  start('c', 1);
  loop.turn();
  limiter->set_total_tokens(1);
  EXPECT_EQ(limiter->borrowed_tokens(), 2u);
  EXPECT_EQ(limiter->available_tokens(), 0u);
  loop.turn(2);
  EXPECT_EQ(order, "ab") << "one came back, one is still too many";
  loop.turn(4);
  EXPECT_EQ(order, "abc");
}

TEST_F(Limiting, a_newcomer_takes_a_free_token_while_another_is_on_its_way_to_one) {
  limiter->set_total_tokens(2);
  LimiterGuard first = limiter->acquire_on_behalf_of_nowait(&order);
  LimiterGuard second = limiter->acquire_on_behalf_of_nowait(&loop);
  start('a');
  loop.turn();
  first.release();
  second.release();
  start('b');
  loop.turn();
  EXPECT_EQ(order, "ab");
  loop.turn(2);
}

TEST_F(Limiting, none_at_all_lets_nobody_in_until_there_are_some) {
  limiter->set_total_tokens(0);
  start('a');
  loop.turn(3);
  EXPECT_EQ(order, "");
  limiter->set_total_tokens(1);
  loop.turn(3);
  EXPECT_EQ(order, "a");
}

TEST_F(Limiting, statistics_tell_who_holds_tokens_and_how_many_wait) {
  limiter->set_total_tokens(2);
  LimiterGuard held = limiter->acquire_on_behalf_of_nowait(&order);
  Task<> first = start('a', 5), second = start('b', 5);
  loop.turn();
  LimiterStatistics now = limiter->statistics();
  EXPECT_EQ(now.total_tokens, 2u);
  EXPECT_EQ(now.borrowed_tokens, 2u);
  EXPECT_EQ(now.tasks_waiting, 1u);
  ASSERT_EQ(now.borrowers.size(), 2u);
  for (const Borrower& who : now.borrowers)
    EXPECT_TRUE(who.is_task() ? who.task_id() == first.id() : who.object() == &order);
  held.release();
  loop.turn(8);
}

}  // namespace
}  // namespace heed::test

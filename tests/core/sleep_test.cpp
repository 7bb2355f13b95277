// sleep() and yield_now().
#include <gtest/gtest.h>

#include <limits>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

class Sleeping : public LoopTest {
 protected:
  std::string order;
};

TEST_F(Sleeping, a_sleep_lasts_as_long_as_it_says) {
  TimePoint start = time.now();
  loop.run_until_complete(sleeps(1500ms));
  EXPECT_EQ(time.now() - start, 1500ms);
}

TEST_F(Sleeping, sleeps_end_in_order_of_their_deadlines_and_equal_ones_in_order_of_their_begin) {
  auto sleeper = [&](Duration delay, char name) -> Coro<> {
    co_await sleep(delay);
    order += name;
  };
  loop.create_task(sleeper(2s, 'c'));
  loop.create_task(sleeper(1s, 'a'));
  loop.create_task(sleeper(1s, 'b'));
  loop.run_for(3s);
  EXPECT_EQ(order, "abc");
}

TEST_F(Sleeping, a_sleep_that_is_not_positive_gives_the_others_one_turn) {
  auto body = [&](Duration delay) -> Coro<> {
    loop.call_soon([&] { order += 'a'; });
    co_await sleep(delay);
    order += 'b';
  };
  TimePoint start = time.now();
  loop.run_until_complete(body(0s));
  loop.run_until_complete(body(-1s));
  EXPECT_EQ(order, "abab");
  EXPECT_EQ(time.now(), start);
}

TEST_F(Sleeping, yielding_goes_to_the_end_of_the_ready_queue) {
  auto body = [&](char name) -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      order += name;
      co_await yield_now();
    }
  };
  loop.create_task(body('a'));
  loop.create_task(body('b'));
  loop.turn(3);
  EXPECT_EQ(order, "abab");
}

TEST_F(Sleeping, a_sleep_without_end_can_be_cancelled) {
  Task<> task = loop.create_task([]() -> Coro<> { co_await sleep(Seconds(std::numeric_limits<double>::infinity())); });
  loop.run_for(1000h);
  EXPECT_FALSE(task.done());
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Sleeping, a_sleep_that_is_not_a_number_is_an_error_at_its_await) {
  auto body = []() -> Coro<> { co_await sleep(Seconds(std::numeric_limits<double>::quiet_NaN())); };
  EXPECT_EQ(thrown<std::invalid_argument>([&] { loop.run_until_complete(body()); }),
            "Invalid delay: NaN (not a number)");
}

TEST_F(Sleeping, a_sleep_that_is_awaited_twice_is_an_error) {
  auto body = []() -> Coro<> {
    auto delay = sleep(1s);
    co_await delay;
    co_await delay;
  };
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(body()); }), "cannot await a sleep twice");
}

TEST_F(Sleeping, a_cancelled_sleep_that_is_awaited_again_is_an_error) {
  auto body = []() -> Coro<> {
    auto delay = sleep(1s);
    try {
      co_await delay;
    } catch (const CancelledError&) {
    }
    co_await delay;
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_EQ(thrown<InvalidStateError>([&] { task.result(); }), "cannot await a sleep twice");
}

TEST_F(Sleeping, a_sleep_can_be_made_first_and_awaited_later) {
  auto body = []() -> Coro<> {
    Sleep later = sleep(1s);
    co_await yield_now();
    co_await std::move(later);
  };
  TimePoint start = time.now();
  loop.run_until_complete(body());
  EXPECT_EQ(time.now() - start, 1s);
}

TEST_F(Sleeping, a_sleep_becomes_a_coroutine_for_what_takes_one) {
  TimePoint start = time.now();
  loop.run_until_complete(as_coro(sleep(2s)));
  loop.run_until_complete(as_coro(yield_now()));
  EXPECT_EQ(time.now() - start, 2s);
}

TEST_F(Sleeping, a_sleep_cancelled_when_it_is_due_ends_cancelled) {
  Task<> sleeper;
  loop.call_later(1s, [&] { sleeper.cancel(); });
  sleeper = loop.create_task(sleeps(1s));
  loop.run_for(2s);
  EXPECT_TRUE(sleeper.cancelled());
}

TEST_F(Sleeping, a_thousand_sleeps_that_are_cancelled_in_any_order_leave_nothing) {
  std::vector<Task<>> tasks;
  for (int i = 0; i < 1000; ++i)
    tasks.push_back(loop.create_task(sleeps(std::chrono::milliseconds(1 + i * 7919 % 1000))));
  loop.turn();
  for (int i = 0; i < 1000; ++i) tasks[i * 389 % 1000].cancel();
  loop.turn();
  for (Task<>& task : tasks) EXPECT_TRUE(task.cancelled());
}

}  // namespace
}  // namespace heed::test

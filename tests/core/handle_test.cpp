// Handles of callbacks and timers, and the delays that are given for them.
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;
using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;

class Handles : public LoopTest {
 protected:
  int run = 0;
  std::function<void()> count() {
    return [this] { ++run; };
  }
};

TEST_F(Handles, a_cancelled_callback_does_not_run) {
  Handle handle = loop.call_soon(count());
  EXPECT_FALSE(handle.cancelled());
  handle.cancel();
  EXPECT_TRUE(handle.cancelled());
  loop.turn();
  EXPECT_EQ(run, 0);
}

TEST_F(Handles, a_cancelled_callback_lets_go_of_its_captures_at_once) {
  auto captured = std::make_shared<int>(1);
  Handle soon = loop.call_soon([captured] {});
  TimerHandle later = loop.call_later(1h, [captured] {});
  soon.cancel();
  later.cancel();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(Handles, a_callback_lets_go_of_its_captures_when_it_has_run) {
  auto captured = std::make_shared<int>(1);
  Handle handle = loop.call_soon([captured] {});
  loop.turn();
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_FALSE(handle.cancelled());
}

TEST_F(Handles, dropping_the_handle_does_not_cancel) {
  loop.call_soon(count());
  loop.call_later(1s, count());
  loop.run_for(2s);
  EXPECT_EQ(run, 2);
}

TEST_F(Handles, cancelling_after_the_run_or_twice_does_no_harm) {
  Handle handle = loop.call_soon(count());
  loop.turn();
  handle.cancel();
  handle.cancel();
  EXPECT_EQ(run, 1);
}

TEST_F(Handles, a_callback_may_cancel_itself_and_others_of_its_iteration) {
  Handle self, other;
  auto captured = std::make_shared<int>(0);
  self = loop.call_soon([&, captured] {
    self.cancel();
    other.cancel();
    ++*captured;
  });
  other = loop.call_soon(count());
  loop.turn();
  EXPECT_EQ(*captured, 1);
  EXPECT_EQ(run, 0);
}

TEST_F(Handles, a_cancelled_timer_neither_runs_nor_wakes_the_loop) {
  TimerHandle timer = loop.call_later(1s, count());
  timer.cancel();
  EXPECT_TRUE(timer.cancelled());
  std::size_t waits = time.waits();
  loop.run_for(10s);
  EXPECT_EQ(run, 0);
  EXPECT_LE(time.waits() - waits, 2u);
}

TEST_F(Handles, a_timer_that_is_due_can_still_be_cancelled_before_it_runs) {
  TimerHandle timer;
  loop.call_later(1s, [&] { timer.cancel(); });
  timer = loop.call_later(1s, count());
  loop.run_for(2s);
  EXPECT_EQ(run, 0);
}

TEST_F(Handles, a_timer_knows_when_it_is_due) {
  TimerHandle later = loop.call_later(1500ms, count());
  EXPECT_EQ(later.when(), loop.time() + 1500ms);
  EXPECT_EQ(TimerHandle().when(), TimePoint());
  later.cancel();
}

TEST_F(Handles, copies_share_one_callback) {
  Handle first = loop.call_soon(count());
  Handle second = first;
  EXPECT_TRUE(first == second);
  second.cancel();
  EXPECT_TRUE(first.cancelled());
}

TEST_F(Handles, a_handle_describes_its_function_and_its_place) {
  unsigned line = __LINE__ + 1;
  Handle handle = loop.call_soon(count());
  EXPECT_TRUE(contains(handle.describe(), "std::function<void ()>"));
  EXPECT_TRUE(contains(handle.describe(), "handle_test.cpp:" + std::to_string(line)));
  EXPECT_EQ(Handle().describe(), "none");
  handle.cancel();
}

TEST_F(Handles, an_empty_handle_does_nothing) {
  Handle empty;
  EXPECT_FALSE(empty);
  empty.cancel();
  EXPECT_FALSE(empty.cancelled());
}

TEST_F(Handles, handles_may_outlive_their_loop) {
  Handle soon;
  TimerHandle later;
  {
    TestLoop gone(time);
    soon = gone.call_soon(count());
    later = gone.call_later(1s, count());
  }
  soon.cancel();
  later.cancel();
  EXPECT_TRUE(contains(soon.describe(), "handle_test.cpp"));
  EXPECT_EQ(run, 0);
}

// --- delays ----------------------------------------------------------------------------------------------------------

TEST_F(Handles, a_delay_that_is_not_positive_is_due_at_once) {
  loop.call_later(0s, count());
  loop.call_later(-5s, count());
  loop.call_later(Seconds(-std::numeric_limits<double>::infinity()), count());
  loop.turn(2);
  EXPECT_EQ(run, 3);
}

TEST_F(Handles, a_delay_that_is_not_a_number_is_refused) {
  Seconds nan(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(thrown<std::invalid_argument>([&] { loop.call_later(nan, count()); }), "Invalid delay: NaN (not a number)");
  EXPECT_EQ(thrown<std::invalid_argument>([&] { static_cast<void>(sleep(nan)); }), "Invalid delay: NaN (not a number)");
}

TEST_F(Handles, a_delay_without_end_never_comes) {
  loop.call_later(Seconds(std::numeric_limits<double>::infinity()), count());
  loop.call_later(Days::max(), count());
  loop.call_later(Duration::max(), count());
  loop.call_later(Seconds(1e300), count());
  loop.run_for(std::chrono::hours(24 * 365));
  EXPECT_EQ(run, 0);
}

TEST_F(Handles, the_first_and_the_last_point_in_time_are_deadlines_like_others) {
  loop.call_at(TimePoint::max(), count());
  loop.call_at(TimePoint::min(), count());
  loop.run_for(1s);
  EXPECT_EQ(run, 1);
}

TEST_F(Handles, the_shortest_delay_of_all_is_due_at_once) {
  loop.call_later(Duration::min(), count());
  loop.call_later(Days::min(), count());
  loop.run_for(1s);
  EXPECT_EQ(run, 2);
}

}  // namespace
}  // namespace heed::test

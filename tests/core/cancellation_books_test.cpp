// The cancellation line of the books: requested = delivered + completed_anyway + withdrawn + pending.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class CancellationBooks : public LoopTest {
 protected:
  const CancellationCounts& counts() const { return loop.failures().cancellations(); }
  // requested, delivered, completed_anyway, withdrawn, pending
  std::vector<std::uint64_t> all() const {
    return {counts().requested, counts().delivered, counts().completed_anyway, counts().withdrawn, counts().pending};
  }
  using Counts = std::vector<std::uint64_t>;
};

TEST_F(CancellationBooks, a_request_is_pending_until_the_task_runs) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  task.cancel();
  EXPECT_EQ(all(), (Counts{1, 0, 0, 0, 1}));
  loop.turn();
  EXPECT_EQ(all(), (Counts{1, 1, 0, 0, 0}));
}

TEST_F(CancellationBooks, a_refused_request_counts_nothing) {
  Task<> task = loop.create_task(turns(0));
  loop.turn();
  task.cancel();
  EXPECT_EQ(all(), (Counts{0, 0, 0, 0, 0}));
}

TEST_F(CancellationBooks, cancelling_a_plain_future_is_no_request_to_a_task) {
  loop.create_future<>().cancel();
  EXPECT_EQ(all(), (Counts{0, 0, 0, 0, 0}));
}

TEST_F(CancellationBooks, a_task_cancelled_before_its_first_step_got_the_request) {
  Task<> task = loop.create_task(sleeps(1s));
  task.cancel();
  loop.turn();
  EXPECT_EQ(all(), (Counts{1, 1, 0, 0, 0}));
}

TEST_F(CancellationBooks, a_task_that_returns_without_another_await_completed_anyway) {
  auto body = []() -> Coro<int> {
    current_task().cancel();
    co_return 1;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1);
  EXPECT_EQ(all(), (Counts{1, 0, 1, 0, 0}));
}

TEST_F(CancellationBooks, a_task_that_fails_without_another_await_completed_anyway) {
  auto body = []() -> Coro<> {
    current_task().cancel();
    throw std::runtime_error("x");
    co_return;
  };
  EXPECT_THROW(loop.run_until_complete(body()), std::runtime_error);
  EXPECT_EQ(all(), (Counts{1, 0, 1, 0, 0}));
}

TEST_F(CancellationBooks, a_forwarded_request_is_one_for_each_task_on_the_way) {
  Task<> inner = loop.create_task(sleeps(1s));
  Task<> outer = loop.create_task(waits_for<void>(inner));
  loop.turn();
  outer.cancel();
  EXPECT_EQ(all(), (Counts{2, 0, 0, 0, 2}));
  loop.turn();
  EXPECT_EQ(all(), (Counts{2, 1, 0, 0, 1}));
  loop.turn();
  EXPECT_EQ(all(), (Counts{2, 2, 0, 0, 0}));
}

TEST_F(CancellationBooks, a_forwarded_request_that_was_refused_completed_anyway) {
  auto stubborn = []() -> Coro<> {
    Outcome<void> slept = co_await as_result(sleep(1s));
    EXPECT_TRUE(slept.cancelled());
  };
  Task<> inner = loop.create_task(stubborn());
  Task<> outer = loop.create_task(waits_for<void>(inner));
  loop.turn();
  outer.cancel();
  loop.turn(2);
  EXPECT_TRUE(outer.done());
  EXPECT_FALSE(outer.cancelled());
  EXPECT_EQ(all(), (Counts{2, 1, 1, 0, 0}));
}

TEST_F(CancellationBooks, an_inner_task_that_fails_instead_completed_the_outer_ones_await_anyway) {
  auto failing = []() -> Coro<> {
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
      throw std::runtime_error("instead");
    }
  };
  Task<> inner = loop.create_task(failing());
  Task<> outer = loop.create_task(waits_for<void>(inner));
  loop.turn();
  outer.cancel();
  loop.turn(2);
  EXPECT_EQ(describe(outer.exception()), "std::runtime_error: instead");
  EXPECT_EQ(all(), (Counts{2, 1, 1, 0, 0}));
}

TEST_F(CancellationBooks, a_request_forwarded_to_a_future_is_delivered_with_the_wakeup) {
  Task<> task = loop.create_task(waits_for_ever());
  loop.turn();
  task.cancel();
  EXPECT_EQ(all(), (Counts{1, 0, 0, 0, 1}));
  loop.turn();
  EXPECT_EQ(all(), (Counts{1, 1, 0, 0, 0}));
}

TEST_F(CancellationBooks, two_requests_answered_by_one_error_are_both_delivered) {
  Task<> task = loop.create_task(turns(5));
  loop.turn();
  task.cancel();
  task.cancel();
  loop.turn();
  EXPECT_EQ(all(), (Counts{2, 2, 0, 0, 0}));
}

TEST_F(CancellationBooks, a_request_passed_through_without_a_throw_is_delivered) {
  auto body = []() -> Coro<> { co_await pass(sleep(1s)); };
  Task<> task = loop.create_task(body());
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(all(), (Counts{1, 1, 0, 0, 0}));
}

TEST_F(CancellationBooks, uncancel_withdraws_a_request_that_was_not_delivered) {
  Task<> task = loop.create_task(turns(1));
  loop.turn();  // it yields: the request waits for its next step
  task.cancel();
  EXPECT_EQ(task.uncancel(), 0);
  EXPECT_EQ(all(), (Counts{1, 0, 0, 1, 0}));
  loop.turn();
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(task.cancelled());
}

TEST_F(CancellationBooks, uncancel_withdraws_nothing_while_other_requests_are_left) {
  Task<> task = loop.create_task(turns(1));
  loop.turn();
  task.cancel();
  task.cancel();
  EXPECT_EQ(task.uncancel(), 1);
  EXPECT_EQ(all(), (Counts{2, 0, 0, 0, 2}));
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(CancellationBooks, uncancel_cannot_take_back_what_ended_the_wait_already) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  task.cancel();
  EXPECT_EQ(task.uncancel(), 0);
  loop.turn();
  EXPECT_TRUE(task.cancelled());  // as in asyncio: the sleep is over
  EXPECT_EQ(all(), (Counts{1, 1, 0, 0, 0}));
}

TEST_F(CancellationBooks, uncancel_takes_back_a_second_request_but_not_the_one_that_ended_the_sleep) {
  Task<> task = loop.create_task(sleeps(1h));
  loop.turn();
  task.cancel();
  task.cancel();
  task.uncancel();
  EXPECT_EQ(task.uncancel(), 0);
  loop.turn();
  EXPECT_TRUE(task.cancelled());  // the sleep did not last an hour: that must not look like success
  EXPECT_EQ(all(), (Counts{2, 1, 0, 1, 0}));
}

TEST_F(CancellationBooks, uncancel_takes_back_a_second_request_but_not_the_one_that_cancelled_the_future) {
  Task<> task = loop.create_task(waits_for_ever());
  loop.turn();
  task.cancel();
  task.cancel();
  task.uncancel();
  EXPECT_EQ(task.uncancel(), 0);
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(all(), (Counts{2, 1, 0, 1, 0}));
}

TEST_F(CancellationBooks, uncancel_after_the_delivery_changes_the_count_only) {
  auto body = []() -> Coro<> {
    Outcome<void> slept = co_await as_result(sleep(1s));
    EXPECT_TRUE(slept.cancelled());
    EXPECT_EQ(current_task().uncancel(), 0);
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  task.cancel();
  loop.run_for(2s);
  EXPECT_TRUE(task.done());
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(all(), (Counts{1, 1, 0, 0, 0}));
}

TEST_F(CancellationBooks, uncancel_does_not_go_below_zero) {
  Task<> task = loop.create_task(turns(1));
  EXPECT_EQ(task.uncancel(), 0);
  task.cancel();
  EXPECT_EQ(task.cancelling(), 1);
  loop.turn();
}

TEST_F(CancellationBooks, closing_the_loop_settles_requests_that_are_pending) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  task.cancel();
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
  EXPECT_EQ(counts().pending, 0u);
  EXPECT_TRUE(counts().balanced());
}

}  // namespace
}  // namespace heed::test

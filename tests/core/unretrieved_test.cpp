// Rule A4: what happens to a failure when nobody is coming for it.
#include <gtest/gtest.h>

#include <optional>

#include "support/coroutines.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Unretrieved : public LoopTest {
 protected:
  const FailureCounts& counts() const { return loop.failures().failures(); }
  Task<> failed_task() {
    Task<> task = loop.create_task(fails(), named("failing"));
    loop.turn();
    return task;
  }
};

TEST_F(Unretrieved, a_dropped_failed_task_is_reported_once) {
  failed_task();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Task exception was never retrieved");
  EXPECT_EQ(report.exception, "std::runtime_error: boom");
  EXPECT_EQ(report.task, "failing");
  EXPECT_EQ(report.keys, (std::vector<std::string>{"exception", "future", "message"}));
  EXPECT_EQ(report.record->disposition, Disposition::live);  // it gets its end when the handler has returned
  EXPECT_EQ(counts().reported, 1u);
}

TEST_F(Unretrieved, a_dropped_failed_future_is_reported_once) {
  loop.create_future<int>().set_exception(std::logic_error("bad"));
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Future exception was never retrieved");
  EXPECT_EQ(report.exception, "std::logic_error: bad");
  EXPECT_EQ(report.record->origin, FailureOrigin::future);
}

TEST_F(Unretrieved, the_report_comes_with_the_last_handle) {
  Task<> task = failed_task();
  Task<> copy = task;
  task = {};
  EXPECT_TRUE(loop.reports.empty());
  copy = {};
  loop.take_report();
}

TEST_F(Unretrieved, a_failed_task_that_had_no_handle_is_reported_before_the_next_callback_runs) {
  std::size_t reports_seen = 99;
  loop.create_task(fails());
  loop.call_soon([&] { reports_seen = loop.reports.size(); });
  loop.turn();
  EXPECT_EQ(reports_seen, 1u);
  loop.take_report();
}

TEST_F(Unretrieved, a_dropped_pending_future_is_not_reported) {
  loop.create_future<>();
  EXPECT_EQ(counts().raised, 0u);
}

TEST_F(Unretrieved, a_failure_that_is_held_unread_is_reported_provisionally_after_the_grace) {
  Task<> task = failed_task();
  loop.run_for(4999ms);
  EXPECT_TRUE(loop.reports.empty());
  loop.run_for(1ms);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Task exception was not retrieved for 5 s (provisional: 1 still hold it)");
  EXPECT_EQ(report.task, "failing");
  EXPECT_EQ(counts().live, 1u);
  EXPECT_TRUE(task.exception());
}

TEST_F(Unretrieved, the_loop_wakes_up_for_a_provisional_report_alone) {
  Task<> task = failed_task();
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { loop.stop(); });
  loop.run_forever();
  EXPECT_EQ(time.last_wait(), 5s);
  EXPECT_TRUE(task.exception());
}

TEST_F(Unretrieved, a_provisionally_reported_failure_can_still_be_retrieved) {
  {
    Task<> task = failed_task();
    loop.run_for(6s);
    loop.take_report();
    EXPECT_TRUE(task.exception());
  }
  EXPECT_EQ(counts().retrieved, 1u);
  EXPECT_EQ(counts().reported, 0u);
}

TEST_F(Unretrieved, a_provisional_report_is_made_once) {
  Task<> task = failed_task();
  loop.run_for(60s);
  loop.take_report();
  EXPECT_TRUE(task.exception());
}

TEST_F(Unretrieved, a_provisionally_reported_failure_that_is_dropped_is_reported_for_good) {
  {
    Task<> task = failed_task();
    loop.run_for(6s);
    loop.take_report();
  }
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
  EXPECT_EQ(counts().reported, 1u);
}

TEST_F(Unretrieved, the_grace_can_be_changed) {
  loop.set_unretrieved_grace(100ms);
  Task<> task = failed_task();
  loop.run_for(100ms);
  EXPECT_EQ(loop.take_report().message, "Task exception was not retrieved for 0.1 s (provisional: 1 still hold it)");
  EXPECT_TRUE(task.exception());
}

TEST_F(Unretrieved, a_grace_of_zero_means_never) {
  loop.set_unretrieved_grace(0s);
  Task<> task = failed_task();
  loop.run_for(1h);
  EXPECT_TRUE(task.exception());
}

TEST_F(Unretrieved, the_longest_possible_grace_means_never) {
  loop.set_unretrieved_grace(Duration::max());
  Task<> task = failed_task();
  loop.run_for(1h);
  EXPECT_TRUE(task.exception());
}

TEST_F(Unretrieved, closing_the_loop_reports_what_is_still_held) {
  Task<> task = failed_task();
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
  EXPECT_EQ(counts().live, 0u);
  EXPECT_TRUE(task.exception());  // still readable, and reported only once
  EXPECT_EQ(counts().retrieved, 0u);
}

TEST_F(Unretrieved, a_handler_may_keep_the_future_alive) {
  AnyFuture kept;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    kept = context.future;
    loop.reports.emplace_back(context);
  });
  failed_task();
  EXPECT_EQ(describe(kept.exception()), "std::runtime_error: boom");
  EXPECT_EQ(counts().reported + counts().retrieved, 1u);
  kept = {};
  loop.take_report();  // and it was not reported again
}

TEST_F(Unretrieved, the_report_goes_to_the_loop_of_the_future_while_another_one_runs) {
  TestLoop other(time);
  Task<> task = failed_task();
  other.call_soon([&] { task = {}; });
  other.turn();
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
  close_and_check(other);
}

TEST_F(Unretrieved, a_failure_after_the_loop_was_closed_is_reported_to_its_handler) {
  Future<> future = loop.create_future<>();
  loop.close();
  future.set_exception(std::runtime_error("late"));
  EXPECT_EQ(counts().live, 1u);
  future = {};
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: late");
  EXPECT_EQ(counts().live, 0u);
}

TEST_F(Unretrieved, a_failure_after_the_loop_was_destroyed_goes_to_the_log) {
  std::optional<TestLoop> gone(std::in_place, time);
  Future<> future = gone->create_future<>();
  gone.reset();
  LogCapture log;
  future.set_exception(std::runtime_error("too late"));
  future = {};
  ASSERT_EQ(log.messages(), std::vector<std::string>{"Future exception was never retrieved"});
  EXPECT_TRUE(contains(log.entries()[0].text, "too late"));
}

TEST_F(Unretrieved, destroying_the_loop_reports_what_is_still_held) {
  std::vector<std::string> messages;
  std::optional<TestLoop> gone(std::in_place, time);
  gone->set_exception_handler([&](EventLoop&, const ErrorContext& context) { messages.push_back(context.message); });
  Future<> future = gone->create_future<>();
  future.set_exception(std::runtime_error("held"));
  gone.reset();
  EXPECT_EQ(messages, std::vector<std::string>{"Future exception was never retrieved"});
}

}  // namespace
}  // namespace heed::test

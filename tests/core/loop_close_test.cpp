// What becomes of tasks, callbacks and failures when a loop is closed.
#include <gtest/gtest.h>

#include <optional>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class LoopClose : public LoopTest {
 protected:
  std::vector<std::string> log;

  Coro<> nested(int depth) {
    Trace trace(log, "frame " + std::to_string(depth));
    if (depth == 0) {
      co_await sleep(1h);
    } else {
      co_await nested(depth - 1);
    }
  }
};

TEST_F(LoopClose, a_pending_task_is_reported_by_name) {
  loop.create_task(waits_for_ever(), named("worker"));
  loop.turn();
  loop.close();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Task was destroyed but it is pending!");
  EXPECT_EQ(report.task, "worker");
  EXPECT_EQ(report.keys, (std::vector<std::string>{"message", "task"}));
}

TEST_F(LoopClose, pending_tasks_are_reported_in_order_of_creation) {
  for (const char* name : {"a", "b", "c"}) loop.create_task(waits_for_ever(), named(name));
  loop.turn();
  loop.close();
  std::string order;
  for (const SeenReport& report : loop.take_reports(3)) order += report.task;
  EXPECT_EQ(order, "abc");
}

TEST_F(LoopClose, the_frames_of_a_pending_task_are_destroyed_innermost_first_and_once) {
  loop.create_task(nested(2));
  loop.turn();
  loop.close();
  loop.take_report();
  EXPECT_EQ(log, (std::vector<std::string>{"frame 0", "frame 1", "frame 2"}));
}

TEST_F(LoopClose, a_task_that_never_started_is_reported_and_its_arguments_are_destroyed) {
  auto body = [](Counted) -> Coro<> { co_return; };
  loop.create_task(body(Counted(1)), named("unstarted"));
  EXPECT_EQ(Counted::live, 1);
  loop.close();
  EXPECT_EQ(loop.take_report().task, "unstarted");
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(LoopClose, a_task_that_was_made_ready_but_did_not_run_is_reported) {
  Future<> future = loop.create_future<>();
  loop.create_task(waits_for(future), named("ready"));
  loop.turn();
  future.set_result();
  loop.close();
  EXPECT_EQ(loop.take_report().task, "ready");
}

TEST_F(LoopClose, a_handle_that_outlives_the_loop_says_cancelled) {
  Task<> task = loop.create_task(waits_for_ever());
  loop.turn();
  loop.close();
  loop.take_report();
  EXPECT_TRUE(task.done());
  EXPECT_TRUE(task.cancelled());
  EXPECT_THROW(task.result(), CancelledError);
}

TEST_F(LoopClose, callbacks_and_timers_that_are_pending_never_run_and_let_go_of_their_captures) {
  auto run = std::make_shared<int>(0);
  loop.call_soon([run] { ++*run; });
  loop.call_later(1s, [run] { ++*run; });
  loop.close();
  EXPECT_EQ(*run, 0);
  EXPECT_EQ(run.use_count(), 1);
}

TEST_F(LoopClose, done_callbacks_that_are_pending_never_run_and_let_go_of_their_captures) {
  auto run = std::make_shared<int>(0);
  Task<> task = loop.create_task(waits_for_ever());
  Future<> done = loop.create_future<>();
  task.add_done_callback([run] { ++*run; });
  done.add_done_callback([run] { ++*run; });
  loop.turn();
  done.set_result();  // scheduled
  loop.close();
  loop.take_report();
  EXPECT_EQ(*run, 0);
  EXPECT_EQ(run.use_count(), 1);
}

TEST_F(LoopClose, in_debug_mode_what_was_dropped_is_counted) {
  LogCapture capture;
  loop.set_debug(true);
  loop.call_soon([] {});
  loop.call_later(1s, [] {});
  loop.close();
  ASSERT_EQ(capture.messages().size(), 1u);
  EXPECT_TRUE(contains(capture.messages()[0], "2 callbacks"));
}

TEST_F(LoopClose, a_held_failure_is_reported) {
  Task<> task = loop.create_task(fails());
  loop.turn();
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
  EXPECT_EQ(loop.failures().failures().live, 0u);
}

TEST_F(LoopClose, closing_twice_is_fine) {
  loop.close();
  loop.close();
  EXPECT_TRUE(loop.is_closed());
}

TEST_F(LoopClose, a_running_loop_cannot_be_closed) {
  std::string error;
  loop.call_soon([&] { error = thrown<std::runtime_error>([&] { loop.close(); }); });
  loop.turn();
  EXPECT_EQ(error, "Cannot close a running event loop");
  EXPECT_FALSE(loop.is_closed());
}

TEST_F(LoopClose, destroying_an_open_loop_closes_it) {
  std::optional<TestLoop> other(std::in_place, time);
  std::vector<std::string> messages;
  other->set_exception_handler([&](EventLoop&, const ErrorContext& context) { messages.push_back(context.message); });
  Task<> task = other->create_task(waits_for_ever());
  other->turn();
  other.reset();
  EXPECT_EQ(messages, std::vector<std::string>{"Task was destroyed but it is pending!"});
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(thrown<std::runtime_error>([&] { task.loop(); }), "the event loop of this future was destroyed");
}

TEST_F(LoopClose, tasks_that_wait_for_each_other_are_each_reported_once) {
  Task<> inner = loop.create_task(waits_for_ever(), named("inner"));
  Task<> outer = loop.create_task(waits_for<void>(inner), named("outer"));
  loop.turn();
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].task, "inner");
  EXPECT_EQ(reports[1].task, "outer");
}

TEST_F(LoopClose, a_cycle_of_tasks_is_broken) {
  Future<> gate = loop.create_future<>();
  Task<> first, second;
  auto wait_for_second = [&]() -> Coro<> {
    co_await gate;
    co_await second;
  };
  first = loop.create_task(wait_for_second);
  second = loop.create_task(waits_for<void>(first));
  gate.set_result();
  loop.turn(2);
  loop.close();
  loop.take_reports(2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_TRUE(second.cancelled());
}

TEST_F(LoopClose, a_finished_task_is_not_reported) {
  Task<int> task = loop.create_task(returns(1));
  loop.turn();
  loop.close();
  EXPECT_EQ(task.result(), 1);
}

TEST_F(LoopClose, a_future_that_is_finished_after_the_close_drops_its_callbacks) {
  auto run = std::make_shared<int>(0);
  Future<int> future = loop.create_future<int>();
  future.add_done_callback([run] { ++*run; });
  loop.close();
  future.set_result(1);
  EXPECT_EQ(future.result(), 1);
  EXPECT_EQ(*run, 0);
  EXPECT_EQ(run.use_count(), 1);
}

}  // namespace
}  // namespace heed::test

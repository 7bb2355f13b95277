// Destructors and handlers that use the loop while it is being closed.
#include <gtest/gtest.h>

#include <memory>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class CloseReentry : public LoopTest {
 protected:
  // Suspended for ever; calls `function` when its frame is destroyed.
  template <class F>
  static Coro<> waits_and_then(F function) {
    AtExit at_exit(function);
    co_await sleep(1h);
  }
  // Makes a value whose destructor calls `function`, for captures.
  template <class F>
  static std::shared_ptr<void> when_dropped(F function) {
    return std::shared_ptr<void>(nullptr, [function](void*) { function(); });
  }
  std::string tasks_reported() {
    std::string names;
    for (const SeenReport& report : std::exchange(loop.reports, {})) names += report.task + " ";
    return names;
  }
};

TEST_F(CloseReentry, a_destructor_may_schedule_callbacks_that_never_run) {
  int run = 0;
  loop.create_task(waits_and_then([&] {
    loop.call_soon([&] { ++run; });
    loop.call_later(1s, [&] { ++run; });
  }));
  loop.turn();
  loop.close();
  loop.take_report();
  EXPECT_EQ(run, 0);
}

TEST_F(CloseReentry, a_destructor_may_create_a_task_which_is_reported_too) {
  loop.create_task(waits_and_then([&] { loop.create_task(waits_for_ever(), named("late")); }), named("first"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first late ");
}

TEST_F(CloseReentry, a_destructor_may_finish_a_future_that_a_later_task_waits_for) {
  Future<> future = loop.create_future<>();
  loop.create_task(waits_and_then([&] { future.set_result(); }), named("first"));
  loop.create_task(waits_for(future), named("second"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first second ");
}

TEST_F(CloseReentry, a_destructor_may_finish_a_future_that_an_earlier_task_waited_for) {
  Future<> future = loop.create_future<>();
  loop.create_task(waits_for(future), named("first"));
  loop.create_task(waits_and_then([&] { future.set_result(); }), named("second"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first second ");
}

TEST_F(CloseReentry, a_destructor_may_fail_a_future_that_nobody_holds_afterwards) {
  auto future = std::make_shared<Future<>>(loop.create_future<>());
  loop.create_task(waits_and_then([future] { future->set_exception(std::runtime_error("from a destructor")); }));
  future.reset();
  loop.turn();
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[1].exception, "std::runtime_error: from a destructor");
}

TEST_F(CloseReentry, a_destructor_may_cancel_a_task_that_is_still_pending) {
  Task<> second;
  loop.create_task(waits_and_then([&] { second.cancel(); }), named("first"));
  second = loop.create_task(sleeps(1h), named("second"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first second ");
  EXPECT_TRUE(second.cancelled());
}

TEST_F(CloseReentry, a_destructor_may_cancel_a_task_whose_frames_are_gone) {
  Task<> first = loop.create_task(sleeps(1h), named("first"));
  loop.create_task(waits_and_then([&] { first.cancel(); }), named("second"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first second ");
  EXPECT_TRUE(first.cancelled());
}

TEST_F(CloseReentry, a_handler_may_cancel_the_pending_task_that_it_is_told_of) {
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    loop.reports.emplace_back(context);
    AnyTask task = context.task;
    task.cancel();
  });
  loop.create_task(sleeps(1h), named("sleeping"));
  loop.create_task(waits_for_ever(), named("waiting"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "sleeping waiting ");
}

TEST_F(CloseReentry, a_handler_may_create_a_task) {
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    loop.reports.emplace_back(context);
    if (loop.reports.size() == 1) loop.create_task(waits_for_ever(), named("late"));
  });
  loop.create_task(waits_for_ever(), named("first"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first late ");
}

TEST_F(CloseReentry, a_handler_that_closes_the_loop_while_it_is_closed_does_no_harm) {
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    loop.reports.emplace_back(context);
    loop.close();
  });
  loop.create_task(waits_for_ever(), named("first"));
  loop.create_task(waits_for_ever(), named("second"));
  Task<> failed = loop.create_task(fails(), named("failed"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first second failed ");
}

TEST_F(CloseReentry, a_destructor_that_closes_the_loop_while_it_is_closed_does_no_harm) {
  loop.create_task(waits_and_then([&] { loop.close(); }), named("first"));
  loop.create_task(waits_for_ever(), named("second"));
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first second ");
}

TEST_F(CloseReentry, a_loop_cannot_be_run_by_a_destructor_while_it_is_closed) {
  std::string error;
  loop.create_task(
      waits_and_then([&] { error = thrown<std::runtime_error>([&] { loop.run_until_complete(sleeps(1s)); }); }),
      named("first"));
  loop.turn();
  loop.close();
  EXPECT_FALSE(error.empty());
  loop.reports.clear();
}

TEST_F(CloseReentry, the_captures_of_a_done_callback_may_create_a_task_when_they_are_dropped) {
  Task<> task = loop.create_task(waits_for_ever(), named("first"));
  auto dropped = when_dropped([this] { loop.create_task(waits_for_ever(), named("late")); });
  task.add_done_callback([dropped = std::move(dropped)] {});
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "first late ");
}

TEST_F(CloseReentry, the_captures_of_a_callback_may_create_a_task_when_they_are_dropped) {
  auto dropped = when_dropped([this] { loop.create_task(waits_for_ever(), named("late")); });
  loop.call_later(1s, [dropped = std::move(dropped)] {});
  loop.close();
  EXPECT_EQ(tasks_reported(), "late ");
}

TEST_F(CloseReentry, a_destructor_that_throws_is_reported_and_the_rest_is_destroyed) {
  auto body = [](Counted) -> Coro<> {
    Counted before(1);
    AtExit throwing([] { throw std::runtime_error("from a destructor"); });
    Counted after(2);
    co_await sleep(1h);
  };
  loop.create_task(body(Counted(0)), named("task"));
  loop.turn();
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].message, "Task was destroyed but it is pending!");
  EXPECT_EQ(reports[1].exception, "std::runtime_error: from a destructor");
  EXPECT_EQ(reports[1].record->origin, FailureOrigin::cleanup);
  EXPECT_TRUE(contains(reports[1].message, "Exception in a destructor while"));
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(CloseReentry, destructors_that_throw_in_several_frames_are_each_reported) {
  auto inner = []() -> Coro<> {
    AtExit throwing([] { throw std::runtime_error("inner"); });
    co_await sleep(1h);
  };
  auto outer = [&]() -> Coro<> {
    AtExit throwing([] { throw std::runtime_error("outer"); });
    co_await inner();
  };
  loop.create_task(outer);
  loop.turn();
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(3);
  EXPECT_EQ(reports[1].exception, "std::runtime_error: inner");
  EXPECT_EQ(reports[2].exception, "std::runtime_error: outer");
}

TEST_F(CloseReentry, a_task_dropped_by_a_destructor_is_destroyed_with_its_own_report) {
  auto holder = std::make_shared<Task<>>();
  loop.create_task(waits_and_then([holder] {}), named("holder"));
  *holder = loop.create_task(waits_for_ever(), named("held"));
  holder.reset();
  loop.turn();
  loop.close();
  EXPECT_EQ(tasks_reported(), "holder held ");
}

}  // namespace
}  // namespace heed::test

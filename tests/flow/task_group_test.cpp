// TaskGroup: rule by rule as asyncio has it (K1 - K24 of its semantics), and the failures that it must not lose.
#include "heed/flow/task_group.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <coroutine>
#include <memory>

#include "heed/flow/run.hpp"
#include "heed/flow/timeout.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/endings.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class TaskGroups : public LoopTest {
 protected:
  std::vector<std::string> log;
  TimePoint start = time.now();
  Duration elapsed() { return time.now() - start; }

  // Waits for an hour; notes a cancellation and hands it on.
  Coro<> hangs(std::string name) {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      log.push_back(name + " cancelled");
      throw;
    }
  }
  static Coro<> fails_after(Duration duration, std::string text) {
    co_await sleep(duration);
    throw std::runtime_error(text);
  }
  static Coro<> fails_when_cancelled(std::string text) {
    auto slept = co_await as_result(sleep(1h));
    throw std::runtime_error(text);
  }
  // Swallows a cancellation, and ends that long afterwards.
  static Coro<int> refuses(Duration then) {
    auto slept = co_await as_result(sleep(1h));
    co_await sleep(then);
    co_return 7;
  }
  static Coro<> interrupts(Duration after = Duration::zero()) {
    co_await sleep(after);
    throw KeyboardInterrupt();
  }
  // Runs the loop until the interrupt has left it twice: from where it was raised, and from the task.
  std::string ending_after_interrupt(const Task<>& task) {
    thrown<KeyboardInterrupt>([&] { loop.run_forever(); });
    if (!task.done()) thrown<KeyboardInterrupt>([&] { loop.run_forever(); });
    std::exception_ptr exception = caught([&] { task.result(); });
    return find<KeyboardInterrupt>(exception) ? "KeyboardInterrupt" : ending(exception);
  }
};

// --- success ---------------------------------------------------------------------------------------------------------

TEST_F(TaskGroups, it_ends_when_all_children_have_ended) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(sleeps(3s));
    group.create_task(sleeps(1s));
    EXPECT_EQ(group.unfinished(), 2u);
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(TaskGroups, it_gives_the_value_of_its_body) {
  auto body = [&](TaskGroup& group) -> Coro<int> {
    Task<int> child = group.create_task(returns(3));
    co_return co_await child + 1;
  };
  EXPECT_EQ(loop.run_until_complete(task_group(body)), 4);
}

TEST_F(TaskGroups, the_value_may_be_one_that_can_only_be_moved_or_a_reference) {
  auto moves = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
  EXPECT_EQ(*loop.run_until_complete(task_group(moves)), 8);
  int object = 0;
  auto refers = [&](TaskGroup&) -> Coro<int&> { co_return object; };
  EXPECT_EQ(&loop.run_until_complete(task_group(refers)), &object);
}

TEST_F(TaskGroups, the_body_may_be_a_coroutine) {
  EXPECT_EQ(ending(loop, task_group(turns(2))), "value");
  EXPECT_EQ(ending(loop, task_group(fails())), "group [boom]");
}

TEST_F(TaskGroups, the_captures_of_the_body_and_of_children_live_until_they_have_ended) {
  auto body = [owned = std::make_unique<int>(5)](TaskGroup& group) -> Coro<int> {
    auto child = [kept = std::make_unique<int>(6)]() -> Coro<int> {
      co_await sleep(1s);
      co_return *kept;
    };
    Task<int> task = group.create_task(std::move(child));
    int from_child = co_await task;
    co_return *owned + from_child;
  };
  EXPECT_EQ(loop.run_until_complete(task_group(std::move(body))), 11);
}

TEST_F(TaskGroups, spawn_keeps_the_function_and_its_arguments) {
  int sum = 0;
  auto body = [&](TaskGroup& group) -> Coro<> {
    for (int i = 1; i <= 3; ++i) {
      auto add = [&sum](std::unique_ptr<int> value, int factor) -> Coro<> {
        co_await yield_now();
        sum += *value * factor;
      };
      group.spawn(add, std::make_unique<int>(i), 10);
    }
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
  EXPECT_EQ(sum, 60);
}

TEST_F(TaskGroups, a_child_has_the_options_it_was_given) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    EXPECT_EQ(group.create_task(turns(1), named("child")).name(), "child");
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
}

TEST_F(TaskGroups, children_may_be_created_by_children_and_callbacks_while_it_waits) {
  auto grandchild = [&]() -> Coro<> {
    co_await sleep(1s);
    log.push_back("grandchild");
  };
  auto child = [&](TaskGroup& group) -> Coro<> {
    co_await sleep(1s);
    group.create_task(grandchild);
    log.push_back("child");
  };
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(child(group));
    loop.call_later(1500ms, [&] { group.create_task(sleeps(2s)); });
    log.push_back("body");
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
  EXPECT_EQ(log, (std::vector<std::string>{"body", "child", "grandchild"}));
  EXPECT_EQ(elapsed(), 3500ms);
}

TEST_F(TaskGroups, a_child_that_is_cancelled_by_hand_is_no_failure) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    Task<> child = group.create_task(hangs("child"));
    co_await yield_now();
    child.cancel();
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
}

TEST_F(TaskGroups, a_child_that_raises_CancelledError_by_itself_is_no_failure) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(throws(std::make_exception_ptr(CancelledError("by hand"))));
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
}

TEST_F(TaskGroups, ten_thousand_children_are_no_problem) {
  int finished = 0;
  auto child = [&](int n) -> Coro<> {
    co_await sleep(std::chrono::milliseconds(n % 100));
    ++finished;
  };
  auto body = [&](TaskGroup& group) -> Coro<> {
    for (int i = 0; i < 10000; ++i) group.create_task(child(i));
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
  EXPECT_EQ(finished, 10000);
}

TEST_F(TaskGroups, ten_thousand_children_are_cancelled_and_fail_together) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    for (int i = 0; i < 10000; ++i) group.create_task(fails_when_cancelled("x"));
    group.create_task(fails_after(1s, "first"));
    co_return;
  };
  std::exception_ptr failure = caught([&] { loop.run_until_complete(task_group(body)); });
  ASSERT_TRUE(find<ExceptionGroup>(failure));
  EXPECT_EQ(find<ExceptionGroup>(failure)->exceptions().size(), 10001u);
  EXPECT_EQ(loop.failures().failures().merged, 10001u);
}

// --- failures --------------------------------------------------------------------------------------------------------

TEST_F(TaskGroups, the_first_failure_cancels_the_other_children_and_then_the_body) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("sibling"));
    group.create_task(fails_after(1s, "child"));
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [child]");
  EXPECT_EQ(log, (std::vector<std::string>{"sibling cancelled", "body cancelled"}));
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(TaskGroups, the_cancellation_says_which_child_failed) {
  std::string name;
  auto sibling = [&]() -> Coro<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError& error) {
      EXPECT_EQ(error.reason()->source, CancelSource::task_group);
      name = error.reason()->by_name();
      throw;
    }
  };
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(sibling);
    group.create_task(fails(), named("culprit"));
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [boom]");
  EXPECT_EQ(name, "culprit");
}

TEST_F(TaskGroups, the_task_is_clean_after_a_failure) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails());
    auto slept = co_await as_result(sleep(1h));
    EXPECT_EQ(current_task().cancelling(), 1);
    slept.value();
  };
  auto program = [&]() -> Coro<> {
    auto ended = co_await as_result(task_group(body));
    EXPECT_EQ(ending(ended.exception()), "group [boom]");
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(TaskGroups, failures_are_in_order_of_completion_and_that_of_the_body_is_last) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("second"));
    group.create_task(fails_after(1s, "first"));
    auto slept = co_await as_result(sleep(1h));
    throw std::runtime_error("body");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [first; second; body]");
}

TEST_F(TaskGroups, several_children_that_fail_in_one_iteration_are_all_in_the_group) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    for (const char* name : {"a", "b", "c"}) group.create_task(fails(name));
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [a; b; c]");
}

TEST_F(TaskGroups, a_failure_of_the_body_cancels_the_children) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_await yield_now();
    throw std::runtime_error("body");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [body]");
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
}

TEST_F(TaskGroups, a_body_that_throws_before_it_makes_its_coroutine_failed_inside_of_the_group) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    throw std::runtime_error("no coroutine");
  };
  struct Here {
    static Coro<> no_coroutine(TaskGroup& group) {
      group.create_task(waits_for_ever());
      throw std::logic_error("no coroutine");
    }
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [no coroutine]");
  EXPECT_EQ(ending(loop, task_group(Here::no_coroutine)), "group [no coroutine]");
}

TEST_F(TaskGroups, a_child_that_refuses_delays_the_end_and_keeps_its_result) {
  Task<int> stubborn;
  auto body = [&](TaskGroup& group) -> Coro<> {
    stubborn = group.create_task(refuses(4s));
    group.create_task(fails_after(1s, "child"));
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [child]");
  EXPECT_EQ(elapsed(), 5s);
  EXPECT_EQ(stubborn.result(), 7);
}

TEST_F(TaskGroups, a_failure_that_waits_for_a_child_that_refuses_is_told_provisionally) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(refuses(10s));
    group.create_task(fails_after(1s, "child"));
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [child]");
  EXPECT_TRUE(contains(loop.take_report().message, "provisional"));
  EXPECT_EQ(loop.failures().failures().merged, 1u);
}

TEST_F(TaskGroups, a_body_that_swallows_the_cancellation_goes_on_and_the_group_raises_at_its_end) {
  auto body = [&](TaskGroup& group) -> Coro<int> {
    group.create_task(fails_after(1s, "child"));
    auto slept = co_await as_result(sleep(1h));
    co_await sleep(2s);
    log.push_back("body goes on");
    co_return 1;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [child]");
  EXPECT_EQ(log, std::vector<std::string>{"body goes on"});
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(TaskGroups, a_failure_that_the_body_read_is_in_the_group_all_the_same) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    Task<> child = group.create_task(fails());
    auto ended = co_await as_result(child);
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [boom]");
}

TEST_F(TaskGroups, failures_in_the_group_are_not_reported_again) {
  Task<> child;
  auto body = [&](TaskGroup& group) -> Coro<> {
    child = group.create_task(fails());
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [boom]");
  EXPECT_EQ(loop.failures().failures().merged, 1u);
  child = {};
}

TEST_F(TaskGroups, a_group_that_nobody_reads_is_reported_once) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails("a"));
    group.create_task(fails("b"));
    co_return;
  };
  loop.create_task(task_group(body));
  loop.turn(10);
  EXPECT_TRUE(contains(loop.take_report().exception, "unhandled errors in a TaskGroup (2 sub-exceptions)"));
}

TEST_F(TaskGroups, the_failure_of_an_inner_group_is_one_failure_of_the_outer_one) {
  auto inner = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails("a"));
    group.create_task(fails("b"));
    co_return;
  };
  auto outer = [&](TaskGroup& group) -> Coro<> {
    group.create_task([&]() -> Coro<> { co_await task_group(inner); });
    co_await task_group(inner);
  };
  EXPECT_EQ(ending(loop, task_group(outer)), "group [group [a; b]; group [a; b]]");
}

TEST_F(TaskGroups, a_child_that_the_body_awaits_and_that_fails_cancels_the_body) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    Task<> child = group.create_task(fails_after(1s, "child"));
    auto ended = co_await as_result(child);
    log.push_back(ending(ended.exception()));
    ended.value();
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [child]");
  EXPECT_EQ(log, std::vector<std::string>{"cancelled"});
}

TEST_F(TaskGroups, an_eager_child_that_fails_at_once_is_collected_like_any_other) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails("eager"), eager());
    log.push_back("created");
    group.create_task(hangs("not yet refused"));
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [eager]");
  EXPECT_EQ(log, (std::vector<std::string>{"created", "body cancelled"}));
}

TEST_F(TaskGroups, an_eager_child_that_ends_at_once_is_waited_for_like_any_other) {
  auto body = [&](TaskGroup& group) -> Coro<int> {
    Task<int> child = group.create_task(returns(2), eager());
    EXPECT_TRUE(child.done());
    co_return child.result();
  };
  EXPECT_EQ(loop.run_until_complete(task_group(body)), 2);
}

// --- interrupts ------------------------------------------------------------------------------------------------------

TEST_F(TaskGroups, an_interrupt_from_a_child_is_raised_alone_and_the_other_failures_are_reported) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(interrupts());
    group.create_task(fails_when_cancelled("sibling"));
    co_await hangs("body");
  };
  Task<> task = loop.create_task(task_group(body));
  EXPECT_EQ(ending_after_interrupt(task), "KeyboardInterrupt");
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: sibling");
}

TEST_F(TaskGroups, an_interrupt_from_a_child_does_not_lose_what_the_body_failed_with) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(interrupts());
    auto slept = co_await as_result(sleep(1h));
    throw std::runtime_error("body");
  };
  Task<> task = loop.create_task(task_group(body));
  EXPECT_EQ(ending_after_interrupt(task), "KeyboardInterrupt");
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: body");
}

TEST_F(TaskGroups, an_interrupt_from_the_body_cancels_the_children_and_is_raised_alone) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("child"));
    co_await yield_now();
    throw KeyboardInterrupt();
  };
  Task<> task = loop.create_task(task_group(body));
  EXPECT_EQ(ending_after_interrupt(task), "KeyboardInterrupt");
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: child");
}

TEST_F(TaskGroups, SystemExit_from_a_child_leaves_run_with_its_code) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(throws(std::make_exception_ptr(SystemExit(3))));
    co_await sleep(1h);
  };
  ::testing::internal::CaptureStderr();
  std::exception_ptr exit = caught([&] { heed::run(task_group(body)); });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // not a second time while the runner is closed
  ASSERT_TRUE(find<SystemExit>(exit));
  EXPECT_EQ(find<SystemExit>(exit)->code(), 3);
}

// --- cancelled from outside ------------------------------------------------------------------------------------------

TEST_F(TaskGroups, an_outside_cancel_in_the_body_cancels_the_children_and_goes_on) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_await hangs("body");
  };
  Task<> task = loop.create_task(task_group(body));
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, (std::vector<std::string>{"body cancelled", "child cancelled"}));
}

TEST_F(TaskGroups, an_outside_cancel_while_it_waits_cancels_the_children_and_goes_on) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_return;
  };
  Task<> task = loop.create_task(task_group(body));
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
  EXPECT_EQ(task.cancelling(), 1);
}

TEST_F(TaskGroups, a_failure_beside_an_outside_cancel_wins_and_the_cancel_is_delivered_at_the_next_await) {
  auto program = [&]() -> Coro<> {
    auto body = [&](TaskGroup& group) -> Coro<> {
      group.create_task(fails_when_cancelled("child"));
      co_return;
    };
    auto ended = co_await as_result(task_group(body));
    log.push_back(ending(ended.exception()));
    EXPECT_EQ(current_task().cancelling(), 1);
    co_await sleep(1s);
    log.push_back("the cancel was lost");
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, std::vector<std::string>{"group [child]"});
}

// A child fails and the task is cancelled, in one iteration, in this order or the other.
class GroupAndOutsideCancel : public TaskGroups, public ::testing::WithParamInterface<bool> {
 protected:
  static Coro<> fails_anyway() {
    auto slept = co_await as_result(sleep(1s));
    throw std::runtime_error("child");
  }
  Task<> start_task(bool in_body) {
    auto program = [this, in_body]() -> Coro<> {
      auto body = [in_body](TaskGroup& group) -> Coro<> {
        group.create_task(fails_anyway());
        if (in_body) co_await sleep(1h);
      };
      auto ended = co_await as_result(task_group(body));
      log.push_back(ending(ended.exception()));
      co_await sleep(1s);
    };
    TimePoint deadline = start + 1s;
    auto task = std::make_shared<Task<>>();
    if (GetParam()) loop.call_at(deadline, [task] { task->cancel("outside"); });
    *task = loop.create_task(program);
    loop.turn(2);
    if (!GetParam()) loop.call_at(deadline, [task] { task->cancel("outside"); });
    return *task;
  }
};

TEST_P(GroupAndOutsideCancel, neither_is_lost_while_the_body_runs) {
  Task<> task = start_task(true);
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, std::vector<std::string>{"group [child]"});
}

TEST_P(GroupAndOutsideCancel, neither_is_lost_while_it_waits_for_the_children) {
  Task<> task = start_task(false);
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, std::vector<std::string>{"group [child]"});
}

INSTANTIATE_TEST_SUITE_P(Order, GroupAndOutsideCancel, ::testing::Bool(),
                         [](const auto& order) { return order.param ? "cancel_first" : "failure_first"; });

TEST_F(TaskGroups, an_outside_cancel_during_the_abort_does_not_shorten_it_and_is_not_lost) {
  auto program = [&]() -> Coro<> {
    auto body = [&](TaskGroup& group) -> Coro<> {
      group.create_task(refuses(4s));
      group.create_task(fails_after(1s, "child"));
      co_return;
    };
    auto ended = co_await as_result(task_group(body));
    log.push_back(ending(ended.exception()));
    EXPECT_EQ(elapsed(), 5s);
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(program);
  loop.call_later(2s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, std::vector<std::string>{"group [child]"});
}

TEST_F(TaskGroups, every_outside_cancel_while_it_waits_is_counted_and_one_CancelledError_comes_out) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(refuses(5s));
    co_return;
  };
  Task<> task = loop.create_task(task_group(body));
  for (Duration when : {1s, 2s, 3s}) loop.call_later(when, [&] { task.cancel(); });
  EXPECT_EQ(ending(loop, task), "cancelled");
  EXPECT_EQ(elapsed(), 6s);
  EXPECT_EQ(task.cancelling(), 3);
}

TEST_F(TaskGroups, a_cancel_that_is_on_its_way_when_the_group_is_entered_is_not_lost) {
  auto program = [&]() -> Coro<> {
    current_task().cancel("on its way");
    co_await task_group([&](TaskGroup& group) -> Coro<> {
      group.create_task(hangs("child"));
      co_return;
    });
  };
  EXPECT_EQ(ending(loop, program()), "cancelled: on its way");
}

TEST_F(TaskGroups, a_CancelledError_raised_by_hand_in_the_body_cancels_the_children_and_goes_on) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_await yield_now();
    throw CancelledError("by hand");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "cancelled: by hand");
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
}

TEST_F(TaskGroups, a_timeout_around_it_cancels_body_and_children) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, timeout(1s, task_group(body))), "timeout");
  EXPECT_EQ(log, (std::vector<std::string>{"body cancelled", "child cancelled"}));
}

TEST_F(TaskGroups, a_failure_beside_a_timeout_around_it_goes_on) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("child"));
    co_return;
  };
  EXPECT_EQ(ending(loop, timeout(1s, task_group(body))), "group [child]");
}

TEST_F(TaskGroups, a_timeout_that_a_failure_outranked_cuts_in_at_the_next_await) {
  auto in_group = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("child"));
    co_return;
  };
  auto body = [&]() -> Coro<> {
    auto ended = co_await as_result(task_group(in_group));
    log.push_back(ending(ended.exception()));
    co_await hangs("body");
  };
  auto program = [&]() -> Coro<> {
    auto ended = co_await as_result(timeout(1s, body));
    log.push_back(ending(ended.exception()));
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(log, (std::vector<std::string>{"group [child]", "body cancelled", "timeout"}));
}

TEST_F(TaskGroups, an_abort_of_the_outer_group_that_a_failure_of_the_inner_one_outranked_is_delivered_again) {
  auto in_inner = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("inner"));
    co_return;
  };
  auto in_outer = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_after(1s, "outer"));
    auto ended = co_await as_result(task_group(in_inner));
    log.push_back(ending(ended.exception()));
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, task_group(in_outer)), "group [outer]");
  EXPECT_EQ(log, (std::vector<std::string>{"group [inner]", "body cancelled"}));
}

// The outer group had asked for a cancellation before, and takes back only that.
TEST_F(TaskGroups, an_outside_cancel_that_a_failure_of_the_inner_group_outranked_survives_the_outer_one) {
  auto in_inner = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("inner"));
    co_return;
  };
  auto in_outer = [&](TaskGroup& group) -> Coro<> {
    loop.call_later(1s, [&] { group.cancel(); });
    auto waited = co_await as_result(hangs("body"));
    co_await task_group(in_inner);
  };
  auto program = [&]() -> Coro<> {
    auto ended = co_await as_result(task_group(in_outer));
    log.push_back(ending(ended.exception()));
    co_await sleep(1s);
    log.push_back("the cancel was lost");
  };
  Task<> task = loop.create_task(program);
  loop.call_later(2s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, (std::vector<std::string>{"body cancelled", "group [group [inner]]"}));
}

TEST_F(TaskGroups, a_request_that_waits_to_be_delivered_again_is_settled_when_the_task_ends_first) {
  auto in_group = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("child"));
    co_return;
  };
  auto program = [&]() -> Coro<int> {
    auto ended = co_await as_result(task_group(in_group));
    co_return 5;
  };
  Task<int> task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel(); });
  EXPECT_EQ(loop.run_until_complete(task), 5);
  EXPECT_EQ(loop.failures().cancellations().pending, 0u);
}

TEST_F(TaskGroups, a_timeout_in_the_body_ends_the_group_with_it) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_await timeout(1s, hangs("body"));
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [timeout]");
}

// --- cancel() of the group -------------------------------------------------------------------------------------------

TEST_F(TaskGroups, cancel_ends_body_and_children_quietly) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"));
    co_await yield_now();
    group.cancel();
    group.cancel();
    log.push_back("goes on to its next await");
    co_await hangs("body");
  };
  auto program = [&]() -> Coro<> {
    co_await task_group(body);
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(log, (std::vector<std::string>{"goes on to its next await", "child cancelled", "body cancelled"}));
}

TEST_F(TaskGroups, cancel_from_another_task_ends_body_and_children_quietly) {
  TaskGroup group;
  auto body = [&]() -> Coro<> {
    group.create_task(hangs("child"));
    co_await hangs("body");
  };
  loop.call_later(1s, [&] { group.cancel("enough"); });
  EXPECT_EQ(ending(loop, group.run(body)), "value");
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(TaskGroups, cancel_while_it_waits_ends_the_children_quietly) {
  TaskGroup group;
  auto body = [&]() -> Coro<int> {
    group.create_task(hangs("child"));
    co_return 3;
  };
  loop.call_later(1s, [&] { group.cancel(); });
  EXPECT_EQ(loop.run_until_complete(group.run(body)), 3);
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
}

TEST_F(TaskGroups, cancel_before_the_body_starts_cancels_its_first_wait) {
  TaskGroup group;
  group.cancel();
  auto body = [&]() -> Coro<> {
    log.push_back("starts");
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, group.run(body)), "value");
  EXPECT_EQ(log, (std::vector<std::string>{"starts", "body cancelled"}));
}

TEST_F(TaskGroups, cancel_after_the_end_is_harmless) {
  TaskGroup group;
  EXPECT_EQ(ending(loop, group.run(turns(1))), "value");
  group.cancel();
}

TEST_F(TaskGroups, a_body_that_has_no_value_when_the_group_was_cancelled_raises_its_CancelledError) {
  auto body = [&](TaskGroup& group) -> Coro<int> {
    group.cancel("enough");
    co_await sleep(1h);
    co_return 1;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "cancelled: enough");
}

TEST_F(TaskGroups, a_child_that_fails_after_cancel_comes_out) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails_when_cancelled("cleanup"));
    co_await yield_now();
    group.cancel();
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [cleanup]");
}

TEST_F(TaskGroups, an_outside_cancel_after_cancel_is_not_swallowed) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(refuses(5s));
    co_await yield_now();
    group.cancel();
    co_await sleep(1h);
  };
  Task<> task = loop.create_task(task_group(body));
  loop.call_later(2s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
}

TEST_F(TaskGroups, a_cancel_of_the_task_by_itself_while_the_body_unwinds_from_cancel_goes_on) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.cancel();
    auto slept = co_await as_result(sleep(1h));
    current_task().cancel("by itself");
    slept.value();
  };
  EXPECT_EQ(ending(loop, task_group(body)), "cancelled: by itself");
}

TEST_F(TaskGroups, a_child_may_cancel_its_group) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    auto child = [&group]() -> Coro<> {
      co_await sleep(1s);
      group.cancel();
    };
    group.create_task(child);
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
  EXPECT_EQ(elapsed(), 1s);
}

// --- misuse ----------------------------------------------------------------------------------------------------------

// Its argument is counted: a refused coroutine is destroyed.
Coro<> counted_coroutine(Counted) { co_return; }

class TaskGroupMisuse : public TaskGroups {
 protected:
  std::string refusal(TaskGroup& group) {
    std::string text = thrown<std::runtime_error>([&] { group.create_task(counted_coroutine(Counted())); });
    EXPECT_EQ(Counted::live, 0);
    return text;
  }
};

TEST_F(TaskGroupMisuse, a_child_needs_a_running_loop_and_a_task) {
  TaskGroup group;
  EXPECT_EQ(refusal(group), "no running event loop");
  loop.call_soon([&] { EXPECT_EQ(refusal(group), "TaskGroup has not been entered"); });
  loop.turn();
}

TEST_F(TaskGroupMisuse, a_child_is_refused_when_the_group_is_finished) {
  TaskGroup group;
  auto program = [&]() -> Coro<> {
    co_await group.run(turns(1));
    EXPECT_EQ(refusal(group), "TaskGroup is finished");
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(TaskGroupMisuse, a_child_is_refused_while_the_group_is_shutting_down) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails());
    auto slept = co_await as_result(sleep(1h));
    EXPECT_EQ(refusal(group), "TaskGroup is shutting down");
  };
  EXPECT_EQ(ending(loop, task_group(body)), "group [boom]");
}

TEST_F(TaskGroupMisuse, a_child_is_refused_after_cancel) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.cancel();
    EXPECT_EQ(refusal(group), "TaskGroup is shutting down");
    co_return;
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
}

TEST_F(TaskGroupMisuse, a_child_is_refused_by_a_group_of_another_loop) {
  TaskGroup group;
  auto elsewhere = [&]() -> Coro<> {
    EXPECT_EQ(refusal(group), "TaskGroup is bound to a different event loop");
    auto joined = co_await as_result(group.join());
    EXPECT_EQ(ending(joined.exception()), "TaskGroup is bound to a different event loop");
  };
  auto program = [&]() -> Coro<> {
    group.create_task(turns(1));
    co_await yield_now();
  };
  loop.run_until_complete(program());
  heed::run(elsewhere());
  EXPECT_EQ(ending(loop, group.join()), "value");
}

TEST_F(TaskGroupMisuse, a_group_runs_one_body_only) {
  TaskGroup group;
  EXPECT_EQ(ending(loop, group.run(turns(1))), "value");
  EXPECT_EQ(ending(loop, group.run(turns(1))), "TaskGroup has already been entered");
  EXPECT_EQ(ending(loop, group.join()), "TaskGroup has already been entered");
}

TEST_F(TaskGroupMisuse, a_group_cannot_be_entered_or_joined_in_its_own_body) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    auto again = co_await as_result(group.run(turns(1)));
    EXPECT_EQ(ending(again.exception()), "TaskGroup has already been entered");
    auto joined = co_await as_result(group.join());
    EXPECT_EQ(ending(joined.exception()), "TaskGroup has already been entered");
    group.create_task(hangs("child"));
    co_await yield_now();
    group.cancel();
  };
  EXPECT_EQ(ending(loop, task_group(body)), "value");
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
}

TEST_F(TaskGroupMisuse, a_group_that_has_children_already_runs_no_body) {
  TaskGroup group;
  auto program = [&]() -> Coro<> {
    group.create_task(turns(1));
    auto ended = co_await as_result(group.run(turns(1)));
    EXPECT_EQ(ending(ended.exception()), "TaskGroup has already been entered");
    co_await group.join();
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(TaskGroupMisuse, a_second_join_is_refused) {
  TaskGroup group;
  auto program = [&]() -> Coro<> {
    group.create_task(sleeps(1s));
    Task<> first = create_task(group.join());
    co_await yield_now();
    auto second = co_await as_result(group.join());
    EXPECT_EQ(ending(second.exception()), "TaskGroup has already been entered");
    co_await first;
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

// --- as an object ----------------------------------------------------------------------------------------------------

class TaskGroupObjects : public TaskGroups {};

TEST_F(TaskGroupObjects, join_waits_for_all_children_and_raises_what_failed) {
  auto program = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(hangs("sibling"));
    group.create_task(fails_after(1s, "child"));
    co_await sleep(500ms);
    co_await group.join();
  };
  EXPECT_EQ(ending(loop, program()), "group [child]");
  EXPECT_EQ(log, std::vector<std::string>{"sibling cancelled"});
}

TEST_F(TaskGroupObjects, join_of_a_group_without_children_returns_at_once) {
  TaskGroup group;
  EXPECT_EQ(ending(loop, group.join()), "value");
}

TEST_F(TaskGroupObjects, a_failure_does_not_cancel_the_task_that_owns_it) {
  auto program = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(fails_after(1s, "child"));
    co_await sleep(5s);
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await group.join();
  };
  EXPECT_EQ(ending(loop, program()), "group [child]");
  EXPECT_EQ(elapsed(), 5s);
}

TEST_F(TaskGroupObjects, a_cancelled_join_cancels_the_children_and_goes_on) {
  TaskGroup group;
  auto program = [&]() -> Coro<> {
    group.create_task(hangs("child"));
    co_await group.join();
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
}

TEST_F(TaskGroupObjects, one_that_is_destroyed_cancels_its_children_and_does_not_wait) {
  auto program = [&]() -> Coro<> {
    {
      TaskGroup group;
      group.create_task(hangs("child"));
      co_await yield_now();
    }
    EXPECT_TRUE(log.empty());
    co_await yield_now();
    EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(TaskGroupObjects, what_failed_in_one_that_nobody_joined_is_reported_once) {
  auto program = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(fails("before"));
    group.create_task(fails("as well"));
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, program()), "value");
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].exception, "std::runtime_error: before");
  EXPECT_EQ(reports[1].exception, "std::runtime_error: as well");
}

TEST_F(TaskGroupObjects, what_fails_after_one_was_destroyed_is_reported_once) {
  auto program = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(fails_when_cancelled("afterwards"));
    co_await yield_now();
  };
  EXPECT_EQ(ending(loop, program()), "value");
  loop.turn(3);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: afterwards");
}

TEST_F(TaskGroupObjects, one_that_is_destroyed_while_another_task_joins_it_is_joined_to_its_end) {
  Task<> joining;
  auto program = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(fails_after(1s, "child"));
    joining = create_task(group.join());
    co_await yield_now();
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(ending(loop, joining), "group [child]");
}

TEST_F(TaskGroupObjects, a_join_that_was_never_awaited_is_harmless) {
  auto program = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(turns(1));
    static_cast<void>(group.join());
    co_await group.join();
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

// --- the end of the loop ---------------------------------------------------------------------------------------------

class TaskGroupsAndClose : public TaskGroups {
 protected:
  std::vector<std::string> tasks_reported() {
    std::vector<std::string> names;
    for (const SeenReport& report : std::exchange(loop.reports, {})) {
      EXPECT_EQ(report.message, "Task was destroyed but it is pending!");
      names.push_back(report.task);
    }
    return names;
  }
};

TEST_F(TaskGroupsAndClose, a_group_that_was_never_awaited_is_just_dropped) {
  Counted counted;
  auto body = [counted](TaskGroup&) -> Coro<> { co_return; };
  static_cast<void>(task_group(body));
  EXPECT_EQ(Counted::live, 2);
}

TEST_F(TaskGroupsAndClose, before_the_body_started_the_task_is_destroyed) {
  auto body = [counted = Counted()](TaskGroup&) -> Coro<> { co_return; };
  loop.create_task(task_group(std::move(body)), named("parent"));
  loop.close();
  EXPECT_EQ(tasks_reported(), std::vector<std::string>{"parent"});
}

TEST_F(TaskGroupsAndClose, in_the_body_the_task_and_its_children_are_destroyed_and_reported_once) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"), named("child"));
    co_await hangs("body");
  };
  loop.create_task(task_group(body), named("parent"));
  loop.turn(2);
  loop.close();
  EXPECT_EQ(tasks_reported(), (std::vector<std::string>{"parent", "child"}));
  EXPECT_TRUE(log.empty());
}

TEST_F(TaskGroupsAndClose, while_it_waits_the_task_and_its_children_are_destroyed_and_reported_once) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(hangs("child"), named("child"));
    co_return;
  };
  loop.create_task(task_group(body), named("parent"));
  loop.turn(3);
  loop.close();
  EXPECT_EQ(tasks_reported(), (std::vector<std::string>{"parent", "child"}));
}

TEST_F(TaskGroupsAndClose, during_an_abort_the_failures_that_it_holds_are_reported) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(refuses(1h), named("refuses"));
    group.create_task(fails_after(1s, "held"));
    co_return;
  };
  loop.create_task(task_group(body), named("parent"));
  loop.run_for(2s);
  loop.close();
  std::vector<std::string> messages;
  for (const SeenReport& report : std::exchange(loop.reports, {})) messages.push_back(report.message);
  EXPECT_EQ(messages,
            (std::vector<std::string>{"Task was destroyed but it is pending!", "Task exception was never retrieved",
                                      "Task was destroyed but it is pending!"}));
}

TEST_F(TaskGroupsAndClose, a_failure_that_the_group_was_not_told_yet_is_reported) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails("untold"), named("child"));
    co_await sleep(1h);
  };
  loop.create_task(task_group(body), named("parent"));
  loop.turn(2);  // the child has failed, its callback is ready
  loop.close();
  std::vector<std::string> exceptions;
  for (const SeenReport& report : std::exchange(loop.reports, {})) exceptions.push_back(report.exception);
  EXPECT_EQ(exceptions.size(), 2u);
  EXPECT_EQ(std::count(exceptions.begin(), exceptions.end(), "std::runtime_error: untold"), 1);
}

TEST_F(TaskGroupsAndClose, an_object_may_outlive_the_loop) {
  auto group = std::make_unique<TaskGroup>();
  auto program = [&]() -> Coro<> {
    group->create_task(hangs("child"), named("child"));
    co_await yield_now();
  };
  loop.run_until_complete(program());
  loop.close();
  EXPECT_EQ(tasks_reported(), std::vector<std::string>{"child"});
  EXPECT_EQ(group->unfinished(), 0u);
  group.reset();
}

TEST_F(TaskGroupsAndClose, children_of_a_task_that_was_lost_may_still_fail) {
  ExpectedLeak frames;  // the loop leaves the frames of a lost task alone
  auto body = [](TaskGroup& group) -> Coro<> {
    group.create_task(fails_after(1s, "child"));
    co_await std::suspend_always();
  };
  Task<> task = loop.create_task(task_group(body));
  loop.turn();
  EXPECT_TRUE(contains(ending<void>(task), "got bad yield"));
  loop.run_for(2s);
  loop.close();
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: child");
}

}  // namespace
}  // namespace heed::test

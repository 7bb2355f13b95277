// wait_for(): rule by rule as asyncio has it (I1 - I11 of its semantics).
#include "heed/flow/wait_for.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "heed/core/context.hpp"
#include "heed/flow/shield.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/endings.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class WaitFor : public LoopTest {
 protected:
  std::vector<std::string> log;
  TimePoint start = time.now();
  Duration elapsed() { return time.now() - start; }

  // Swallows the first cancellation, and gives a value after that long.
  static Coro<int> refuses(Duration then = Duration::zero()) {
    auto slept = co_await as_result(sleep(1h));
    if (slept.has_value()) co_return 0;
    co_await sleep(then);
    co_return 7;
  }
  static Coro<int> fails_when_cancelled() {
    auto slept = co_await as_result(sleep(1h));
    throw std::runtime_error("cleanup");
  }
  Coro<int> cleans_up_for(Duration cleanup) {
    auto slept = co_await as_result(sleep(1h));
    co_await sleep(cleanup);
    log.push_back("cleaned up");
    slept.value();
    co_return 0;
  }
};

// --- with a limit ----------------------------------------------------------------------------------------------------

TEST_F(WaitFor, a_result_that_comes_in_time_is_given) {
  EXPECT_EQ(loop.run_until_complete(wait_for(returns(1), 1s)), 1);
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(WaitFor, without_a_limit_it_waits_as_long_as_it_takes) {
  EXPECT_EQ(ending(loop, wait_for(sleeps(100h), std::nullopt)), "value");
  EXPECT_EQ(elapsed(), 100h);
}

TEST_F(WaitFor, a_coroutine_that_takes_too_long_is_cancelled_and_awaited) {
  EXPECT_EQ(ending(loop, wait_for(cleans_up_for(2s), 1s)), "timeout");
  EXPECT_EQ(log, std::vector<std::string>{"cleaned up"});
  EXPECT_EQ(elapsed(), 3s);  // the limit is exceeded by the cleanup
}

TEST_F(WaitFor, a_task_that_takes_too_long_is_cancelled_and_awaited) {
  Task<int> task = loop.create_task(cleans_up_for(2s));
  EXPECT_EQ(ending(loop, wait_for(task, 1s)), "timeout");
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(WaitFor, a_future_that_takes_too_long_is_cancelled) {
  Future<> future = loop.create_future<>();
  EXPECT_EQ(ending(loop, wait_for(future, 1s)), "timeout");
  EXPECT_TRUE(future.cancelled());
}

TEST_F(WaitFor, a_value_in_spite_of_the_cancellation_is_given) {
  EXPECT_EQ(loop.run_until_complete(wait_for(refuses(), 1s)), 7);
  Task<int> task = loop.create_task(refuses());
  EXPECT_EQ(loop.run_until_complete(wait_for(task, 1s)), 7);
}

TEST_F(WaitFor, an_exception_in_answer_to_the_cancellation_is_raised) {
  EXPECT_EQ(ending(loop, wait_for(fails_when_cancelled(), 1s)), "cleanup");
  Task<int> task = loop.create_task(fails_when_cancelled());
  EXPECT_EQ(ending(loop, wait_for(task, 1s)), "cleanup");
}

TEST_F(WaitFor, an_exception_before_the_limit_is_raised) {
  EXPECT_EQ(ending(loop, wait_for(fails_later(), 1s)), "boom");
}

TEST_F(WaitFor, a_future_that_somebody_else_cancels_raises_CancelledError) {
  Future<> future = loop.create_future<>();
  loop.call_later(1s, [&] { future.cancel("by its owner"); });
  EXPECT_EQ(ending(loop, wait_for(future, 2s)), "cancelled: by its owner");
}

TEST_F(WaitFor, a_coroutine_runs_in_the_callers_task_and_context) {
  ContextVar<int> variable("variable", 0);
  auto inner = [&]() -> Coro<AnyTask> {
    variable.set(5);
    co_return current_task();
  };
  auto program = [&]() -> Coro<> {
    AnyTask task = co_await wait_for(inner, 1s);
    EXPECT_EQ(task, current_task());
    EXPECT_EQ(variable.get(), 5);
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(WaitFor, what_is_shielded_is_not_cancelled) {
  Task<> task = loop.create_task(sleeps(5s));
  auto program = [&]() -> Coro<> { co_await wait_for(shield(task), 1s); };
  EXPECT_EQ(ending(loop, program()), "timeout");
  EXPECT_FALSE(task.done());
  EXPECT_EQ(ending(loop, task), "value");
  EXPECT_EQ(elapsed(), 5s);
}

TEST_F(WaitFor, two_that_wait_for_one_task_are_both_ended_by_the_shorter_limit) {
  Task<> task = loop.create_task(waits_for_ever());
  Task<> shorter = loop.create_task(wait_for(task, 1s));
  Task<> longer = loop.create_task(wait_for(task, 2s));
  EXPECT_EQ(ending(loop, longer), "cancelled");
  EXPECT_EQ(ending(shorter), "timeout");
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(WaitFor, a_limit_that_is_not_a_number_is_refused_at_once) {
  std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
  thrown<std::invalid_argument>([&] { static_cast<void>(wait_for(turns(1), nan)); });
}

TEST_F(WaitFor, the_caller_can_go_on_after_each_TimeoutError) {
  auto program = [&]() -> Coro<int> {
    int timeouts = 0;
    for (int i = 0; i < 100; ++i) {
      auto ended = co_await as_result(wait_for(waits_for_ever(), 1s));
      timeouts += ending(ended.exception()) == "timeout";
      EXPECT_EQ(current_task().cancelling(), 0);
    }
    co_return timeouts;
  };
  EXPECT_EQ(loop.run_until_complete(program()), 100);
}

// --- no time at all --------------------------------------------------------------------------------------------------

TEST_F(WaitFor, with_no_time_a_coroutine_does_not_start) {
  auto body = [&]() -> Coro<> {
    log.push_back("started");
    co_return;
  };
  EXPECT_EQ(ending(loop, wait_for(body, 0s)), "timeout");
  EXPECT_EQ(ending(loop, wait_for(body, -1s)), "timeout");
  EXPECT_TRUE(log.empty());
}

TEST_F(WaitFor, with_no_time_a_finished_future_gives_what_it_has) {
  Task<int> done = loop.create_task(returns(3));
  Task<> failed = loop.create_task(fails("before"));
  Future<> cancelled = loop.create_future<>();
  cancelled.cancel("before");
  loop.turn();
  EXPECT_EQ(loop.run_until_complete(wait_for(done, 0s)), 3);
  EXPECT_EQ(ending(loop, wait_for(failed, 0s)), "before");
  EXPECT_EQ(ending(loop, wait_for(cancelled, 0s)), "cancelled: before");
}

TEST_F(WaitFor, with_no_time_a_running_task_is_cancelled_and_awaited) {
  Task<int> task = loop.create_task(cleans_up_for(2s));
  loop.turn();
  EXPECT_EQ(ending(loop, wait_for(task, 0s)), "timeout");
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(WaitFor, with_no_time_what_a_task_answers_to_the_cancellation_is_given) {
  Task<int> refusing = loop.create_task(refuses(1s));
  Task<int> failing = loop.create_task(fails_when_cancelled());
  loop.turn();
  EXPECT_EQ(loop.run_until_complete(wait_for(refusing, 0s)), 7);
  EXPECT_EQ(ending(loop, wait_for(failing, 0s)), "cleanup");
}

TEST_F(WaitFor, with_no_time_a_caller_that_is_cancelled_meanwhile_leaves_the_task_to_its_cleanup) {
  Task<int> inner = loop.create_task(cleans_up_for(5s));
  loop.turn();
  Task<int> caller = loop.create_task(wait_for(inner, 0s));
  loop.call_later(1s, [&] { caller.cancel("caller"); });
  EXPECT_EQ(ending(loop, caller), "cancelled: caller");
  EXPECT_FALSE(inner.done());
  EXPECT_EQ(ending(loop, inner), "cancelled");
}

// --- the caller is cancelled -----------------------------------------------------------------------------------------

TEST_F(WaitFor, a_cancelled_caller_cancels_what_it_waits_for_and_waits_for_its_end) {
  Task<int> caller = loop.create_task(wait_for(cleans_up_for(2s), 10s));
  loop.call_later(1s, [&] { caller.cancel("caller"); });
  EXPECT_EQ(ending(loop, caller), "cancelled: caller");
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(WaitFor, a_cancel_in_the_turn_in_which_the_future_completes_is_delivered) {
  Future<int> future = loop.create_future<int>();
  Task<int> caller = loop.create_task(wait_for(future, 10s));
  loop.turn();
  future.set_result(1);
  caller.cancel();
  EXPECT_EQ(ending(loop, caller), "cancelled");
  EXPECT_EQ(future.result(), 1);
}

TEST_F(WaitFor, a_cancel_beside_the_deadline_goes_on_in_either_order) {
  for (bool before : {true, false}) {
    Task<> caller;
    TimePoint deadline = loop.time() + 1s;
    if (before) loop.call_at(deadline, [&] { caller.cancel("outside"); });
    caller = loop.create_task(wait_for(sleeps(1h), 1s));
    loop.turn();
    if (!before) loop.call_at(deadline, [&] { caller.cancel("outside"); });
    EXPECT_EQ(ending(loop, caller), "cancelled: outside");
  }
}

TEST_F(WaitFor, a_value_in_spite_of_an_outside_cancel_is_given) {
  Task<int> caller = loop.create_task(wait_for(refuses(), 10s));
  loop.call_later(1s, [&] { caller.cancel(); });
  EXPECT_EQ(loop.run_until_complete(caller), 7);
  EXPECT_EQ(caller.cancelling(), 1);
}

// --- what can be waited for ------------------------------------------------------------------------------------------

TEST_F(WaitFor, sleep_and_yield_now_can_be_waited_for) {
  EXPECT_EQ(ending(loop, wait_for(sleep(2s), 1s)), "timeout");
  EXPECT_EQ(ending(loop, wait_for(sleep(2s), 3s)), "value");
  EXPECT_EQ(ending(loop, wait_for(yield_now(), 1s)), "value");
  EXPECT_EQ(ending(loop, wait_for(yield_now(), 0s)), "timeout");
}

TEST_F(WaitFor, a_callable_is_kept_until_its_coroutine_has_ended) {
  auto body = [owned = std::make_unique<int>(9)]() -> Coro<int> {
    co_await sleep(1s);
    co_return *owned;
  };
  EXPECT_EQ(loop.run_until_complete(wait_for(std::move(body), 2s)), 9);
}

TEST_F(WaitFor, the_value_may_be_one_that_can_only_be_moved_or_a_reference) {
  auto moves = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
  EXPECT_EQ(*loop.run_until_complete(wait_for(moves, 1s)), 8);
  int object = 0;
  auto refers = [&]() -> Coro<int&> { co_return object; };
  EXPECT_EQ(&loop.run_until_complete(wait_for(refers, 1s)), &object);
  Task<int&> task = loop.create_task(refers);
  loop.turn();
  EXPECT_EQ(&loop.run_until_complete(wait_for(task, 0s)), &object);
}

TEST_F(WaitFor, a_loop_closed_meanwhile_reports_the_caller_once) {
  loop.create_task(wait_for(cleans_up_for(1h), 1s));
  loop.run_for(2s);  // cancelled, in its cleanup
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
}

TEST_F(WaitFor, a_loop_closed_meanwhile_reports_the_caller_and_the_task) {
  Task<int> task = loop.create_task(cleans_up_for(1h), named("inner"));
  loop.create_task(wait_for(task, 1s), named("caller"));
  loop.run_for(2s);  // cancelled, in its cleanup
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].task, "inner");
  EXPECT_EQ(reports[1].task, "caller");
}

}  // namespace
}  // namespace heed::test

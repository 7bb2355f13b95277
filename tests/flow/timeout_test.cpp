// timeout(): rule by rule as asyncio has it (J1 - J11 of its semantics), and where it does better.
#include "heed/flow/timeout.hpp"

#include <gtest/gtest.h>

#include <coroutine>
#include <limits>
#include <memory>

#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/endings.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Timeouts : public LoopTest {
 protected:
  std::vector<std::string> log;
  TimePoint start = time.now();

  // Waits for an hour; notes a cancellation and hands it on.
  Coro<> hangs(std::string name = "body") {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      log.push_back(name + " cancelled");
      throw;
    }
  }
  // Swallows the first cancellation, and gives a value after that long.
  static Coro<int> refuses(Duration then = Duration::zero()) {
    auto slept = co_await as_result(sleep(1h));
    if (slept.has_value()) co_return 0;
    co_await sleep(then);
    co_return 7;
  }
  // A cancellation of it takes that long.
  Coro<> cleans_up_for(Duration cleanup, std::string name = "body") {
    auto slept = co_await as_result(sleep(1h));
    co_await sleep(cleanup);
    log.push_back(name + " cleaned up");
    slept.value();
  }
  Duration elapsed() { return time.now() - start; }
};

// --- what it gives ---------------------------------------------------------------------------------------------------

TEST_F(Timeouts, a_body_that_ends_in_time_gives_its_value) {
  EXPECT_EQ(loop.run_until_complete(timeout(1s, returns(5))), 5);
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(Timeouts, a_body_that_takes_too_long_is_cancelled_and_TimeoutError_raised) {
  EXPECT_EQ(ending(loop, timeout(1s, hangs())), "timeout");
  EXPECT_EQ(elapsed(), 1s);
  EXPECT_EQ(log, std::vector<std::string>{"body cancelled"});
}

TEST_F(Timeouts, the_cancellation_says_that_a_timeout_asked_for_it) {
  CancelSource source{};
  auto body = [&]() -> Coro<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError& error) {
      source = error.reason()->source;
      throw;
    }
  };
  EXPECT_EQ(ending(loop, timeout(1s, body)), "timeout");
  EXPECT_EQ(source, CancelSource::timeout);
}

TEST_F(Timeouts, the_record_of_the_failure_names_the_timeout_and_the_wait_that_was_cut_short) {
  auto body = [&]() -> Coro<> { co_await timeout(1s, hangs()); };
  Task<> task = loop.create_task(body);
  loop.run_for(2s);
  task = {};
  SeenReport report = loop.take_report();
  ASSERT_EQ(report.record->notes.size(), 1u);
  EXPECT_TRUE(contains(report.record->notes[0], "timeout of 1 s at ")) << report.record->notes[0];
  EXPECT_TRUE(contains(report.record->notes[0], "timeout_test.cpp")) << report.record->notes[0];
  ASSERT_FALSE(report.record->await_chain.sites.empty());
  EXPECT_TRUE(contains(report.record->await_chain.sites[0].function_name(), "hangs"));
}

TEST_F(Timeouts, an_exception_of_the_body_goes_on_as_it_is) {
  EXPECT_EQ(ending(loop, timeout(1s, fails_later("boom"))), "boom");
}

TEST_F(Timeouts, a_cancellation_that_was_raised_by_hand_before_the_deadline_goes_on) {
  Timeout scope(1s);
  EXPECT_EQ(ending(loop, scope.run(throws(std::make_exception_ptr(CancelledError("by hand"))))), "cancelled: by hand");
  EXPECT_FALSE(scope.expired());
}

TEST_F(Timeouts, a_cancellation_that_was_raised_by_hand_while_the_body_unwound_is_still_the_timeout) {
  auto body = []() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    throw CancelledError("by hand");
  };
  EXPECT_EQ(ending(loop, timeout(1s, body)), "timeout");
}

TEST_F(Timeouts, a_TimeoutError_of_the_body_itself_goes_on_and_the_scope_has_not_expired) {
  Timeout scope(1s);
  EXPECT_EQ(ending(loop, scope.run(throws(std::make_exception_ptr(TimeoutError("the body's own"))))), "timeout");
  EXPECT_FALSE(scope.expired());
}

TEST_F(Timeouts, another_exception_while_the_body_unwinds_wins_and_its_record_names_the_timeout) {
  auto body = []() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    throw std::runtime_error("cleanup");
  };
  auto program = [&]() -> Coro<> { co_await timeout(1s, body); };
  Task<> task = loop.create_task(program);
  loop.run_for(2s);
  task = {};
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: cleanup");
  ASSERT_EQ(report.record->notes.size(), 1u);
  EXPECT_TRUE(contains(report.record->notes[0], "a timeout had expired: timeout of 1 s")) << report.record->notes[0];
}

TEST_F(Timeouts, a_body_that_swallows_the_cancellation_has_missed_its_deadline_all_the_same) {
  Timeout scope(1s);
  EXPECT_EQ(ending(loop, scope.run(refuses())), "timeout");
  EXPECT_TRUE(scope.expired());
}

TEST_F(Timeouts, a_task_that_the_body_awaits_and_that_refuses_makes_it_miss_its_deadline) {
  auto body = [&]() -> Coro<int> {
    Task<int> inner = create_task(refuses(3s));
    co_return co_await inner;
  };
  EXPECT_EQ(ending(loop, timeout(1s, body)), "timeout");
  EXPECT_EQ(elapsed(), 4s);
}

TEST_F(Timeouts, the_deadline_is_missed_by_as_long_as_the_body_takes_to_clean_up) {
  EXPECT_EQ(ending(loop, timeout(1s, cleans_up_for(5s))), "timeout");
  EXPECT_EQ(elapsed(), 6s);
}

TEST_F(Timeouts, a_future_that_somebody_else_cancels_is_not_taken_for_the_timeout) {
  Future<> future = loop.create_future<>();
  loop.call_later(1s, [&] { future.cancel("by its owner"); });
  EXPECT_EQ(ending(loop, timeout(2s, waits_for(future))), "cancelled: by its owner");
}

TEST_F(Timeouts, a_result_that_comes_before_the_deadline_is_not_lost_when_the_body_still_runs) {
  Future<int> future = loop.create_future<int>();
  loop.call_later(1s, [&] { future.set_result(3); });
  auto body = [&]() -> Coro<int> { co_return co_await future; };
  EXPECT_EQ(loop.run_until_complete(timeout(1001ms, body)), 3);
}

// --- bodies ----------------------------------------------------------------------------------------------------------

TEST_F(Timeouts, the_body_may_be_a_callable_that_is_given_the_scope) {
  auto body = [](Timeout& scope) -> Coro<bool> { co_return scope.when().has_value(); };
  EXPECT_TRUE(loop.run_until_complete(timeout(1s, body)));
}

TEST_F(Timeouts, the_body_may_be_a_function) {
  struct Here {
    static Coro<int> with_scope(Timeout& scope) { co_return scope.expired() ? 1 : 2; }
    static Coro<int> without() { co_return 3; }
  };
  EXPECT_EQ(loop.run_until_complete(timeout(1s, Here::with_scope)), 2);
  EXPECT_EQ(loop.run_until_complete(timeout(1s, Here::without)), 3);
}

TEST_F(Timeouts, the_captures_of_the_body_live_until_it_has_ended) {
  auto value = std::make_shared<int>(4);
  std::weak_ptr<int> watch = value;
  auto body = [value = std::move(value)]() -> Coro<int> {
    co_await sleep(1s);
    co_return *value;
  };
  Task<int> task = loop.create_task(timeout(2s, std::move(body)));
  loop.turn();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(loop.run_until_complete(task), 4);
  EXPECT_TRUE(watch.expired());
}

TEST_F(Timeouts, the_body_may_be_a_callable_that_can_only_be_moved) {
  auto body = [owned = std::make_unique<int>(6)]() -> Coro<int> {
    co_await yield_now();
    co_return *owned;
  };
  EXPECT_EQ(loop.run_until_complete(timeout(1s, std::move(body))), 6);
}

TEST_F(Timeouts, the_value_may_be_one_that_can_only_be_moved) {
  auto body = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
  EXPECT_EQ(*loop.run_until_complete(timeout(1s, body)), 8);
}

TEST_F(Timeouts, the_value_may_be_a_reference) {
  int object = 0;
  auto body = [&]() -> Coro<int&> { co_return object; };
  EXPECT_EQ(&loop.run_until_complete(timeout(1s, body)), &object);
}

TEST_F(Timeouts, a_body_that_throws_before_it_makes_its_coroutine_failed_inside_of_the_scope) {
  Timeout scope(1s);
  auto body = [](Timeout&) -> Coro<> { throw std::runtime_error("no coroutine"); };
  EXPECT_EQ(ending(loop, scope.run(body)), "no coroutine");
  EXPECT_EQ(thrown<std::runtime_error>([&] { scope.reschedule(std::nullopt); }),
            "Cannot change state of finished Timeout");
}

TEST_F(Timeouts, an_object_counted_in_the_frame_is_destroyed_once_however_the_body_ends) {
  struct Here {
    static Coro<Counted> body(Duration duration, Counted local) {
      co_await sleep(duration);
      co_return local;
    }
  };
  EXPECT_EQ(loop.run_until_complete(timeout(1s, Here::body(0s, Counted(1)))).value, 1);
  EXPECT_EQ(ending(loop, timeout(1s, Here::body(2s, Counted(2)))), "timeout");
  EXPECT_EQ(Counted::live, 0);
}

// --- deadlines -------------------------------------------------------------------------------------------------------

TEST_F(Timeouts, without_a_deadline_it_waits_as_long_as_it_takes) {
  EXPECT_EQ(ending(loop, timeout(std::nullopt, sleeps(100h))), "value");
  EXPECT_EQ(ending(loop, timeout_at(std::nullopt, sleeps(100h))), "value");
  EXPECT_EQ(elapsed(), 200h);
}

TEST_F(Timeouts, timeout_at_takes_a_time_of_the_loops_clock) {
  EXPECT_EQ(ending(loop, timeout_at(loop.time() + 3s, hangs())), "timeout");
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(Timeouts, the_delay_counts_from_the_start_of_the_body) {
  auto program = [&]() -> Coro<> {
    auto later = timeout(1s, sleeps(900ms));
    co_await sleep(5s);
    co_await std::move(later);
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(Timeouts, a_deadline_that_has_passed_does_not_interrupt_a_body_that_never_waits) {
  for (Duration delay : {0ms, -5000ms}) {
    Timeout scope(delay);
    EXPECT_EQ(loop.run_until_complete(scope.run(returns(1))), 1);
    EXPECT_FALSE(scope.expired());
  }
}

TEST_F(Timeouts, a_deadline_that_has_passed_ends_the_first_wait) {
  EXPECT_EQ(ending(loop, timeout(0s, hangs("sleep"))), "timeout");
  EXPECT_EQ(ending(loop, timeout(-1s, turns(1))), "timeout");
  EXPECT_EQ(ending(loop, timeout_at(loop.time() - 1h, waits_for_ever())), "timeout");
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(Timeouts, a_delay_that_is_not_a_number_is_refused_at_once) {
  std::chrono::duration<double> nan(std::numeric_limits<double>::quiet_NaN());
  thrown<std::invalid_argument>([&] { static_cast<void>(timeout(nan, turns(1))); });
}

TEST_F(Timeouts, an_endless_delay_is_no_deadline) {
  std::chrono::duration<double> infinite(std::numeric_limits<double>::infinity());
  EXPECT_EQ(ending(loop, timeout(infinite, sleeps(1000h))), "value");
}

TEST_F(Timeouts, when_tells_the_deadline_once_the_body_runs) {
  Timeout scope(2s);
  EXPECT_FALSE(scope.when());
  auto body = [&]() -> Coro<> {
    EXPECT_EQ(scope.when(), start + 2s);
    co_return;
  };
  loop.run_until_complete(scope.run(body));
  EXPECT_EQ(scope.when(), start + 2s);
  EXPECT_EQ(Timeout::at(start + 1s).when(), start + 1s);
}

TEST_F(Timeouts, expired_is_true_from_the_moment_that_it_cuts_in) {
  Timeout scope(1s);
  auto body = [&]() -> Coro<> {
    EXPECT_FALSE(scope.expired());
    auto slept = co_await as_result(sleep(1h));
    EXPECT_TRUE(scope.expired());
    slept.value();
  };
  EXPECT_EQ(ending(loop, scope.run(body)), "timeout");
  EXPECT_TRUE(scope.expired());
}

// --- reschedule ------------------------------------------------------------------------------------------------------

TEST_F(Timeouts, reschedule_moves_the_deadline_later_and_earlier) {
  auto later = [&](Timeout& scope) -> Coro<> {
    scope.reschedule(start + 10s);
    co_await sleep(9s);
    scope.reschedule(start + 9500ms);
    co_await hangs();
  };
  EXPECT_EQ(ending(loop, timeout(1s, later)), "timeout");
  EXPECT_EQ(elapsed(), 9500ms);
}

TEST_F(Timeouts, reschedule_takes_the_deadline_away_and_gives_one) {
  auto body = [&](Timeout& scope) -> Coro<> {
    scope.reschedule(std::nullopt);
    EXPECT_FALSE(scope.when());
    co_await sleep(5s);
    scope.reschedule(loop.time() + 1s);
    co_await hangs();
  };
  EXPECT_EQ(ending(loop, timeout(1s, body)), "timeout");
  EXPECT_EQ(elapsed(), 6s);
}

TEST_F(Timeouts, a_deadline_moved_into_the_past_cuts_in_at_the_next_await) {
  auto body = [&](Timeout& scope) -> Coro<> {
    scope.reschedule(loop.time() - 1s);
    EXPECT_FALSE(scope.expired());
    log.push_back("goes on");
    co_await hangs();
  };
  EXPECT_EQ(ending(loop, timeout(1h, body)), "timeout");
  EXPECT_EQ(elapsed(), 0s);
  EXPECT_EQ(log, (std::vector<std::string>{"goes on", "body cancelled"}));
}

TEST_F(Timeouts, a_deadline_that_is_due_can_still_be_moved) {
  auto body = [&](Timeout& scope) -> Coro<> {
    scope.reschedule(loop.time());
    scope.reschedule(loop.time() + 1s);
    co_await sleep(500ms);
  };
  EXPECT_EQ(ending(loop, timeout(1h, body)), "value");
}

TEST_F(Timeouts, another_task_may_move_the_deadline) {
  Timeout scope(1s);
  loop.call_later(500ms, [&] { scope.reschedule(start + 3s); });
  EXPECT_EQ(ending(loop, scope.run(hangs())), "timeout");
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(Timeouts, reschedule_is_refused_before_the_body_starts_and_after_it_has_ended) {
  Timeout scope(1s);
  auto refusal = [&] { return thrown<std::runtime_error>([&] { scope.reschedule(start + 5s); }); };
  EXPECT_EQ(refusal(), "Timeout has not been entered");
  loop.run_until_complete(scope.run(turns(1)));
  EXPECT_EQ(refusal(), "Cannot change state of finished Timeout");
}

TEST_F(Timeouts, reschedule_is_refused_while_it_cuts_in_and_afterwards) {
  Timeout scope(1s);
  auto refusal = [&] { return thrown<std::runtime_error>([&] { scope.reschedule(start + 5s); }); };
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    EXPECT_EQ(refusal(), "Cannot change state of expiring Timeout");
    slept.value();
  };
  EXPECT_EQ(ending(loop, scope.run(body)), "timeout");
  EXPECT_EQ(refusal(), "Cannot change state of expired Timeout");
}

TEST_F(Timeouts, a_scope_can_be_entered_once_only) {
  Timeout scope(1s);
  EXPECT_EQ(ending(loop, scope.run(turns(1))), "value");
  EXPECT_EQ(ending(loop, scope.run(turns(1))), "Timeout has already been entered");
}

TEST_F(Timeouts, entering_a_scope_in_its_own_body_is_refused_and_does_not_harm_it) {
  Timeout scope(1s);
  auto body = [&]() -> Coro<> {
    auto again = co_await as_result(scope.run(turns(1)));
    EXPECT_EQ(ending(again.exception()), "Timeout has already been entered");
    co_await hangs();
  };
  EXPECT_EQ(ending(loop, scope.run(body)), "timeout");
}

// --- the task afterwards ---------------------------------------------------------------------------------------------

TEST_F(Timeouts, a_timeout_leaves_no_trace_in_cancelling) {
  auto program = [&]() -> Coro<> {
    auto body = [&]() -> Coro<> {
      auto slept = co_await as_result(sleep(1h));
      EXPECT_EQ(current_task().cancelling(), 1);
      slept.value();
    };
    auto ended = co_await as_result(timeout(1s, body));
    EXPECT_EQ(ending(ended.exception()), "timeout");
    EXPECT_EQ(current_task().cancelling(), 0);
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(Timeouts, a_task_can_time_out_again_and_again) {
  auto program = [&]() -> Coro<int> {
    int timeouts = 0;
    for (int i = 0; i < 100; ++i) {
      auto ended = co_await as_result(timeout(1s, waits_for_ever()));
      timeouts += ending(ended.exception()) == "timeout";
    }
    co_return timeouts;
  };
  EXPECT_EQ(loop.run_until_complete(program()), 100);
  EXPECT_EQ(elapsed(), 100s);
}

TEST_F(Timeouts, the_timer_is_gone_when_the_body_has_ended) {
  loop.run_until_complete(timeout(1h, turns(1)));
  loop.run_for(2h);
  EXPECT_EQ(time.last_wait(), 2h);
}

// --- nested ----------------------------------------------------------------------------------------------------------

class NestedTimeouts : public Timeouts {
 protected:
  bool outer_expired = false;
  bool inner_expired = false;

  // Runs the body in two timeouts; how each of them ended.
  std::string run(Duration outer_delay, Duration inner_delay, Coro<> body) {
    Timeout outer_scope(outer_delay);
    Timeout inner_scope(inner_delay);
    std::string inner_ending;
    auto inner_body = [&]() -> Coro<> {
      auto ended = co_await as_result(inner_scope.run(std::move(body)));
      inner_ending = ending(ended.exception());
      ended.value();
    };
    std::string outer_ending = ending(loop, outer_scope.run(inner_body));
    outer_expired = outer_scope.expired();
    inner_expired = inner_scope.expired();
    return inner_ending + ", " + outer_ending;
  }
};

TEST_F(NestedTimeouts, when_the_inner_one_expires_the_outer_one_sees_TimeoutError) {
  EXPECT_EQ(run(2s, 1s, hangs()), "timeout, timeout");
  EXPECT_FALSE(outer_expired);
  EXPECT_TRUE(inner_expired);
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(NestedTimeouts, when_the_outer_one_expires_the_inner_one_sees_CancelledError) {
  EXPECT_EQ(run(1s, 2s, hangs()), "cancelled, timeout");
  EXPECT_TRUE(outer_expired);
  EXPECT_FALSE(inner_expired);
}

TEST_F(NestedTimeouts, when_both_expire_at_once_the_outer_one_takes_precedence) {
  EXPECT_EQ(run(1s, 1s, hangs()), "cancelled, timeout");
  EXPECT_TRUE(outer_expired);
  EXPECT_TRUE(inner_expired);
}

TEST_F(NestedTimeouts, when_the_outer_one_expires_while_the_inner_one_unwinds_it_takes_precedence) {
  EXPECT_EQ(run(2s, 1s, cleans_up_for(5s)), "cancelled, timeout");
  EXPECT_EQ(elapsed(), 2s);  // the second request interrupts the cleanup
}

TEST_F(NestedTimeouts, when_the_inner_one_expires_while_the_body_unwinds_from_the_outer_one_it_does_not_convert) {
  EXPECT_EQ(run(1s, 2s, cleans_up_for(5s)), "cancelled, timeout");
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(NestedTimeouts, the_outer_one_goes_on_after_the_inner_one_was_handled) {
  auto program = [&]() -> Coro<> {
    auto ended = co_await as_result(timeout(1s, hangs("inner")));
    EXPECT_EQ(ending(ended.exception()), "timeout");
    co_await hangs("outer");
  };
  EXPECT_EQ(ending(loop, timeout(3s, program)), "timeout");
  EXPECT_EQ(elapsed(), 3s);
  EXPECT_EQ(log, (std::vector<std::string>{"inner cancelled", "outer cancelled"}));
}

TEST_F(NestedTimeouts, a_deadline_of_the_outer_one_in_the_past_wins_over_a_body_with_its_own) {
  EXPECT_EQ(run(0s, 0s, hangs()), "cancelled, timeout");
}

TEST_F(NestedTimeouts, timeouts_of_two_tasks_that_await_each_other_each_end_their_own) {
  auto inner_task = [&]() -> Coro<> { co_await timeout(2s, hangs("inner")); };
  auto program = [&]() -> Coro<std::string> {
    Task<> task = create_task(inner_task);
    auto ended = co_await as_result(timeout(1s, waits_for<void>(task)));
    co_return ending(ended.exception()) + ", " + ending<void>(task);
  };
  EXPECT_EQ(loop.run_until_complete(program()), "timeout, cancelled");
}

TEST_F(NestedTimeouts, a_timeout_around_a_gather_cancels_its_children) {
  auto body = [&]() -> Coro<> { co_await gather(hangs("a"), hangs("b")); };
  EXPECT_EQ(ending(loop, timeout(1s, body)), "timeout");
  EXPECT_EQ(log, (std::vector<std::string>{"a cancelled", "b cancelled"}));
}

// --- others cancel as well -------------------------------------------------------------------------------------------

class TimeoutsAndCancels : public Timeouts {
 protected:
  Timeout scope{1s};
  Task<> task;

  void start_task(Coro<> body) { task = loop.create_task(scope.run(std::move(body))); }
};

TEST_F(TimeoutsAndCancels, an_outside_cancel_before_the_deadline_goes_on) {
  start_task(hangs());
  loop.call_later(500ms, [&] { task.cancel("from outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: from outside");
  EXPECT_FALSE(scope.expired());
}

TEST_F(TimeoutsAndCancels, an_outside_cancel_just_before_the_deadline_goes_on) {
  loop.call_later(1s, [&] { task.cancel("from outside"); });
  start_task(hangs());
  EXPECT_EQ(ending(loop, task), "cancelled: from outside");
  EXPECT_TRUE(scope.expired());
  EXPECT_EQ(task.cancelling(), 1);
}

TEST_F(TimeoutsAndCancels, an_outside_cancel_just_after_the_deadline_goes_on) {
  start_task(hangs());
  loop.turn();
  loop.call_later(1s, [&] { task.cancel("from outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: from outside");
  EXPECT_TRUE(scope.expired());
}

TEST_F(TimeoutsAndCancels, an_outside_cancel_while_the_body_unwinds_goes_on) {
  start_task(cleans_up_for(5s));
  loop.call_later(2s, [&] { task.cancel("from outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: from outside");
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(TimeoutsAndCancels, a_deadline_while_the_body_unwinds_from_an_outside_cancel_does_not_convert_it) {
  start_task(cleans_up_for(5s));
  loop.call_later(500ms, [&] { task.cancel("from outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled");  // the cleanup was interrupted by the timeout's
  EXPECT_TRUE(scope.expired());
}

TEST_F(TimeoutsAndCancels, a_cancel_of_the_task_by_itself_while_the_body_unwinds_is_delivered_by_leaving_the_scope) {
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    current_task().cancel("by itself");
    slept.value();
  };
  auto program = [&]() -> Coro<> {
    auto ended = co_await as_result(scope.run(body));
    EXPECT_EQ(ending(ended.exception()), "cancelled: by itself");
    co_await sleep(1s);  // one request, one CancelledError
    log.push_back("goes on");
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(log, std::vector<std::string>{"goes on"});
}

TEST_F(TimeoutsAndCancels, a_cancel_that_is_on_its_way_when_the_scope_is_entered_is_not_lost) {
  auto program = [&]() -> Coro<> {
    current_task().cancel("on its way");
    co_await scope.run(hangs());
  };
  EXPECT_EQ(ending(loop, program()), "cancelled: on its way");
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(TimeoutsAndCancels, nor_is_it_when_the_deadline_has_passed_already) {
  auto program = [&]() -> Coro<> {
    current_task().cancel("on its way");
    co_await timeout(0s, hangs());
  };
  EXPECT_EQ(ending(loop, program()), "cancelled: on its way");
}

TEST_F(TimeoutsAndCancels, a_cancel_that_was_handled_before_the_scope_is_not_taken_for_a_new_one) {
  auto program = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    EXPECT_EQ(current_task().cancelling(), 1);
    co_await scope.run(hangs());
  };
  task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel(); });
  EXPECT_EQ(ending(loop, task), "timeout");
  EXPECT_EQ(task.cancelling(), 1);
}

TEST_F(TimeoutsAndCancels, a_cancel_that_the_body_swallowed_before_the_deadline_comes_out_with_it) {
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    co_await sleep(1h);
  };
  start_task(body());
  loop.call_later(500ms, [&] { task.cancel("swallowed"); });
  EXPECT_EQ(ending(loop, task), "cancelled");
}

TEST_F(TimeoutsAndCancels, a_cancel_that_was_taken_back_counts_for_nothing) {
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    current_task().uncancel();
    co_await hangs();
  };
  start_task(body());
  loop.call_later(500ms, [&] { task.cancel("taken back"); });
  EXPECT_EQ(ending(loop, task), "timeout");
  EXPECT_EQ(task.cancelling(), 0);
}

TEST_F(TimeoutsAndCancels, a_request_that_the_timeout_forwarded_is_counted_in_the_awaited_task_alone) {
  Task<> inner;
  auto body = [&]() -> Coro<> {
    inner = create_task(hangs("inner"));
    co_await inner;
  };
  start_task(body());
  EXPECT_EQ(ending(loop, task), "timeout");
  EXPECT_TRUE(inner.cancelled());
  EXPECT_EQ(inner.cancelling(), 1);
  EXPECT_EQ(task.cancelling(), 0);
}

// --- the end of the loop ---------------------------------------------------------------------------------------------

TEST_F(Timeouts, a_timeout_that_was_never_awaited_is_just_dropped) {
  Counted counted;
  auto body = [counted]() -> Coro<> { co_await sleep(1s); };
  static_cast<void>(timeout(1s, body));
  EXPECT_EQ(Counted::live, 2);
}

TEST_F(Timeouts, a_loop_closed_before_the_body_started_destroys_it) {
  auto body = [counted = Counted()]() -> Coro<> { co_await sleep(1h); };
  loop.create_task(timeout(1s, std::move(body)));
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
}

TEST_F(Timeouts, a_loop_closed_while_the_body_waits_destroys_it_and_the_timer) {
  loop.create_task(timeout(1s, hangs()));
  loop.turn();
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
}

TEST_F(Timeouts, a_loop_closed_between_the_deadline_and_its_effect_destroys_the_body) {
  loop.create_task(timeout(0s, hangs()));
  loop.turn();  // the timeout is in the ready queue now
  loop.close();
  loop.take_report();
}

TEST_F(Timeouts, a_loop_closed_when_the_task_has_not_seen_the_cancellation_yet_settles_it) {
  Task<> task = loop.create_task(timeout(1s, hangs()));
  loop.turn();
  loop.call_later(1s, [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_EQ(task.cancelling(), 1);
  loop.close();
  loop.take_report();
  EXPECT_TRUE(log.empty());
}

TEST_F(Timeouts, a_scope_whose_task_ended_without_it_does_nothing_at_its_deadline) {
  ExpectedLeak frames;  // the loop leaves the frames of a lost task alone
  auto body = []() -> Coro<> { co_await std::suspend_always(); };
  Task<> task = loop.create_task(timeout(1s, body));
  loop.turn();
  EXPECT_TRUE(contains(ending<void>(task), "got bad yield"));
  loop.run_for(2s);
}

}  // namespace
}  // namespace heed::test

// CancelScope: cancellation as a state of a region; shields.
#include "heed/flow/cancel_scope.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <coroutine>
#include <memory>

#include "heed/flow/gather.hpp"
#include "heed/flow/shield.hpp"
#include "heed/flow/task_group.hpp"
#include "heed/flow/timeout.hpp"
#include "heed/flow/wait_for.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/endings.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class CancelScopes : public LoopTest {
 protected:
  std::vector<std::string> log;
  TimePoint start = time.now();
  Duration elapsed() { return time.now() - start; }

  // Waits for an hour; notes a cancellation and hands it on.
  Coro<> hangs(std::string name = "body") {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      log.push_back(name + " cancelled");
      throw;
    }
  }
  template <class A>
  Coro<> note(std::string name, A awaitable) {
    auto ended = co_await as_result(std::move(awaitable));
    log.push_back(name + " " + ending(ended.exception()));
  }
};

// --- level-triggered -------------------------------------------------------------------------------------------------

TEST_F(CancelScopes, a_body_that_is_not_cancelled_gives_its_value) {
  CancelScope scope;
  std::optional<int> value = loop.run_until_complete(scope.run(returns(3)));
  EXPECT_EQ(value, 3);
  EXPECT_FALSE(scope.cancel_called());
  EXPECT_FALSE(scope.cancelled_caught());
}

TEST_F(CancelScopes, a_body_that_is_cancelled_ends_without_a_value_and_without_an_exception) {
  CancelScope scope;
  auto body = [&]() -> Coro<int> {
    co_await hangs();
    co_return 3;
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_EQ(loop.run_until_complete(scope.run(body)), std::nullopt);
  EXPECT_TRUE(scope.cancel_called());
  EXPECT_TRUE(scope.cancelled_caught());
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(CancelScopes, run_of_a_void_body_tells_whether_it_ran_to_its_end) {
  CancelScope runs;
  EXPECT_TRUE(loop.run_until_complete(runs.run(turns(1))));
  CancelScope cut;
  cut.cancel();
  EXPECT_FALSE(loop.run_until_complete(cut.run(turns(1))));
}

TEST_F(CancelScopes, a_body_that_swallows_the_cancellation_gets_it_again_at_every_wait) {
  CancelScope scope;
  Future<> future = loop.create_future<>();
  auto body = [&]() -> Coro<> {
    scope.cancel("stop");
    co_await note("sleep", sleep(1s));
    co_await note("yield", yield_now());
    co_await note("no delay", sleep(0s));
    co_await note("future", future);
    co_await note("task", create_task(hangs("inner")));
    co_await note("gather", gather(hangs("a"), hangs("b")));
    co_await note("wait_for", wait_for(sleeps(1s), 5s));
    co_await note("timeout", timeout(5s, sleeps(1s)));
    co_await note("shield", shield(turns(1)));
    co_await note("group", task_group(turns(1)));
    co_await note("nested", sleeps(1s));
  };
  EXPECT_TRUE(loop.run_until_complete(scope.run(body)));  // it ended by itself
  EXPECT_EQ(log,
            (std::vector<std::string>{"sleep cancelled: stop", "yield cancelled: stop", "no delay cancelled: stop",
                                      "future cancelled: stop", "task cancelled: stop", "gather cancelled: stop",
                                      "wait_for cancelled: stop", "timeout cancelled: stop", "shield cancelled: stop",
                                      "group cancelled: stop", "nested cancelled: stop"}));
  EXPECT_EQ(elapsed(), 0s);
  EXPECT_TRUE(future.cancelled());
}

TEST_F(CancelScopes, cleanup_that_waits_is_cancelled_too) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    co_await sleep(5s);
    log.push_back("cleaned up");
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(elapsed(), 1s);
  EXPECT_TRUE(log.empty());
}

TEST_F(CancelScopes, an_await_that_does_not_suspend_is_not_cancelled) {
  CancelScope scope;
  Future<int> done = loop.create_future<int>();
  done.set_result(4);
  auto body = [&]() -> Coro<int> {
    scope.cancel();
    int value = co_await done;
    co_return value + co_await returns(1);
  };
  EXPECT_EQ(loop.run_until_complete(scope.run(body)), 5);
  EXPECT_TRUE(scope.cancel_called());
  EXPECT_FALSE(scope.cancelled_caught());
}

TEST_F(CancelScopes, a_result_that_is_there_already_is_not_lost) {
  CancelScope scope;
  Future<int> future = loop.create_future<int>();
  auto body = [&]() -> Coro<int> { co_return co_await future; };
  loop.call_later(1s, [&] {
    future.set_result(6);
    scope.cancel();
  });
  EXPECT_EQ(loop.run_until_complete(scope.run(body)), 6);
}

TEST_F(CancelScopes, the_cancellation_says_who_asked_and_why) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    try {
      co_await sleep(1h);
    } catch (const CancelledError& error) {
      log.push_back(error.reason()->text + " by " + error.reason()->by_name());
      EXPECT_EQ(error.reason()->source, CancelSource::scope);
      throw;
    }
  };
  auto other = [&]() -> Coro<> {
    scope.cancel("first");
    scope.cancel("second");
    co_return;
  };
  Task<bool> task = loop.create_task(scope.run(body));
  loop.turn();
  Task<> canceller = loop.create_task(other, named("other"));
  EXPECT_FALSE(loop.run_until_complete(task));
  EXPECT_EQ(log, std::vector<std::string>{"first by other"});
}

TEST_F(CancelScopes, another_exception_of_the_body_goes_on) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    scope.cancel();
    auto ended = co_await as_result(sleep(1s));
    throw std::runtime_error("cleanup");
  };
  EXPECT_EQ(ending(loop, scope.run(body)), "cleanup");
  EXPECT_FALSE(scope.cancelled_caught());
}

TEST_F(CancelScopes, a_CancelledError_raised_by_hand_is_caught_only_by_a_cancelled_scope) {
  CancelScope scope;
  EXPECT_EQ(ending(loop, scope.run(throws(std::make_exception_ptr(CancelledError("by hand"))))), "cancelled: by hand");
  CancelScope cancelled;
  cancelled.cancel();
  EXPECT_EQ(ending(loop, cancelled.run(throws(std::make_exception_ptr(CancelledError("by hand"))))), "value");
}

TEST_F(CancelScopes, cancelling_and_uncancel_know_nothing_of_it) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    scope.cancel();
    auto ended = co_await as_result(sleep(1s));
    EXPECT_TRUE(ended.cancelled());
    EXPECT_EQ(current_task().cancelling(), 0);
    EXPECT_EQ(current_task().uncancel(), 0);
    co_await sleep(1s);
    log.push_back("uncancel() took it back");
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(loop.failures().cancellations().requested, 0u);
}

TEST_F(CancelScopes, the_task_is_clean_afterwards) {
  auto program = [&]() -> Coro<> {
    for (int i = 0; i < 100; ++i) {
      CancelScope scope(ScopeOptions().deadline_in(1s));
      bool ran = co_await scope.run(waits_for_ever());
      EXPECT_FALSE(ran);
    }
    co_await sleep(1s);
    log.push_back("goes on");
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(elapsed(), 101s);
}

// --- when it is cancelled --------------------------------------------------------------------------------------------

TEST_F(CancelScopes, cancelled_before_the_body_starts_the_first_wait_is_cancelled) {
  CancelScope scope;
  scope.cancel();
  auto body = [&]() -> Coro<> {
    log.push_back("starts");
    co_await hangs();
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(log, (std::vector<std::string>{"starts", "body cancelled"}));
}

TEST_F(CancelScopes, cancelling_after_the_end_does_nothing) {
  CancelScope scope;
  loop.run_until_complete(scope.run(turns(1)));
  scope.cancel();
  EXPECT_FALSE(scope.cancel_called());
}

TEST_F(CancelScopes, a_deadline_cancels_it) {
  CancelScope scope(ScopeOptions().deadline_in(2s));
  EXPECT_FALSE(scope.deadline());
  EXPECT_FALSE(loop.run_until_complete(scope.run(hangs())));
  EXPECT_EQ(scope.deadline(), start + 2s);
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(CancelScopes, of_two_deadlines_the_sooner_one_counts) {
  CancelScope scope(ScopeOptions().deadline_in(5s).deadline_at(start + 3s));
  EXPECT_FALSE(loop.run_until_complete(scope.run(hangs())));
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(CancelScopes, a_deadline_in_the_past_cancels_it_from_the_start) {
  CancelScope scope(ScopeOptions().deadline_at(start - 1s));
  auto body = [&]() -> Coro<> {
    EXPECT_TRUE(scope.cancel_called());
    co_await hangs();
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(CancelScopes, set_deadline_moves_it_earlier_later_and_away) {
  CancelScope scope(ScopeOptions().deadline_in(1s));
  auto body = [&]() -> Coro<> {
    scope.set_deadline(start + 10s);
    co_await sleep(5s);
    scope.set_deadline(std::nullopt);
    co_await sleep(20s);
    scope.set_deadline(start + 30s);
    scope.set_deadline(start + 26s);
    co_await hangs();
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(elapsed(), 26s);
}

TEST_F(CancelScopes, set_deadline_before_the_body_starts_replaces_the_delay) {
  CancelScope scope(ScopeOptions().deadline_in(1s));
  scope.set_deadline(start + 3s);
  EXPECT_FALSE(loop.run_until_complete(scope.run(hangs())));
  EXPECT_EQ(elapsed(), 3s);
}

TEST_F(CancelScopes, set_deadline_into_the_past_cancels_the_next_wait) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    scope.set_deadline(start - 1s);
    log.push_back("goes on");
    co_await hangs();
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(log, (std::vector<std::string>{"goes on", "body cancelled"}));
}

TEST_F(CancelScopes, a_deadline_that_was_set_after_it_was_cancelled_changes_nothing) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    scope.cancel();
    scope.set_deadline(start + 1h);
    co_await hangs();
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(elapsed(), 0s);
}

TEST_F(CancelScopes, set_deadline_after_the_end_is_refused) {
  CancelScope scope;
  loop.run_until_complete(scope.run(turns(1)));
  EXPECT_EQ(thrown<std::runtime_error>([&] { scope.set_deadline(start); }),
            "CancelScope has ended: it cannot get a deadline");
}

TEST_F(CancelScopes, the_timer_is_gone_when_the_body_has_ended) {
  CancelScope scope(ScopeOptions().deadline_in(1h));
  loop.run_until_complete(scope.run(turns(1)));
  loop.run_for(2h);
  EXPECT_EQ(time.last_wait(), 2h);
}

TEST_F(CancelScopes, it_can_be_entered_once_only) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto again = co_await as_result(scope.run(turns(1)));
    EXPECT_EQ(ending(again.exception()), "CancelScope has already been entered");
  };
  EXPECT_TRUE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(ending(loop, scope.run(turns(1))), "CancelScope has already been entered");
}

// --- bodies and values -----------------------------------------------------------------------------------------------

TEST_F(CancelScopes, the_body_may_be_given_the_scope) {
  CancelScope scope;
  auto body = [](CancelScope& given) -> Coro<int> {
    given.cancel();
    co_await yield_now();
    co_return 1;
  };
  EXPECT_EQ(loop.run_until_complete(scope.run(body)), std::nullopt);
}

TEST_F(CancelScopes, the_value_may_be_one_that_can_only_be_moved_or_a_reference) {
  CancelScope first;
  auto moves = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
  EXPECT_EQ(**loop.run_until_complete(first.run(moves)), 8);
  CancelScope second;
  int object = 0;
  auto refers = [&]() -> Coro<int&> { co_return object; };
  EXPECT_EQ(&loop.run_until_complete(second.run(refers))->get(), &object);
  EXPECT_EQ(&loop.run_until_complete(shielded(refers)), &object);
}

TEST_F(CancelScopes, the_captures_of_the_body_live_until_it_has_ended) {
  CancelScope scope;
  auto body = [owned = std::make_unique<int>(5)]() -> Coro<int> {
    co_await sleep(1s);
    co_return *owned;
  };
  EXPECT_EQ(loop.run_until_complete(scope.run(std::move(body))), 5);
}

TEST_F(CancelScopes, a_body_that_throws_before_it_makes_its_coroutine_failed_inside_of_the_scope) {
  struct Here {
    static Coro<> no_coroutine() { throw std::runtime_error("no coroutine"); }
  };
  CancelScope scope;
  EXPECT_EQ(ending(loop, scope.run(Here::no_coroutine)), "no coroutine");
}

// --- nested ----------------------------------------------------------------------------------------------------------

class NestedScopes : public CancelScopes {
 protected:
  CancelScope outer;
  CancelScope inner;

  // Runs the body in both scopes, and a wait after the inner one.
  Coro<bool> run(Coro<> body) {
    auto in_outer = [this, body = std::move(body)]() mutable -> Coro<> {
      auto ended = co_await as_result(inner.run(std::move(body)));
      log.push_back("inner " + (ended.has_value() ? std::string(ended.value() ? "ran" : "caught") : "passed"));
      if (ended.exception()) ended.value();
      co_await hangs("outer");
    };
    co_return co_await outer.run(std::move(in_outer));
  }
};

TEST_F(NestedScopes, the_inner_one_alone_ends_the_inner_body_only) {
  loop.call_later(1s, [&] { inner.cancel(); });
  loop.call_later(2s, [&] { outer.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(run(hangs("inner"))));
  EXPECT_EQ(log, (std::vector<std::string>{"inner cancelled", "inner caught", "outer cancelled"}));
  EXPECT_EQ(elapsed(), 2s);
}

TEST_F(NestedScopes, the_outer_one_ends_everything_and_the_inner_one_does_not_catch_it) {
  loop.call_later(1s, [&] { outer.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(run(hangs("inner"))));
  EXPECT_EQ(log, (std::vector<std::string>{"inner cancelled", "inner passed"}));
  EXPECT_FALSE(inner.cancelled_caught());
  EXPECT_TRUE(outer.cancelled_caught());
}

TEST_F(NestedScopes, when_both_are_cancelled_the_outer_one_wins_in_either_order) {
  loop.call_later(1s, [&] {
    inner.cancel("inner");
    outer.cancel("outer");
  });
  EXPECT_FALSE(loop.run_until_complete(run(hangs("inner"))));
  EXPECT_EQ(log, (std::vector<std::string>{"inner cancelled", "inner passed"}));
}

TEST_F(NestedScopes, the_outer_one_wins_when_it_was_cancelled_before) {
  loop.call_later(1s, [&] {
    outer.cancel("outer");
    inner.cancel("inner");
  });
  EXPECT_FALSE(loop.run_until_complete(run(hangs("inner"))));
  EXPECT_EQ(log, (std::vector<std::string>{"inner cancelled", "inner passed"}));
}

TEST_F(NestedScopes, the_outer_one_wins_when_it_is_cancelled_while_the_inner_body_unwinds) {
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    outer.cancel();
    slept.value();
  };
  loop.call_later(1s, [&] { inner.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(run(body())));
  EXPECT_EQ(log, std::vector<std::string>{"inner passed"});
}

TEST_F(CancelScopes, ten_thousand_nested_scopes_are_no_problem) {
  struct Here {
    static Coro<int> nest(int depth, CancelScope*& innermost) {
      CancelScope scope;
      innermost = &scope;
      if (depth == 0) {
        co_await sleep(1h);
        co_return 1;
      }
      auto body = [&]() -> Coro<int> { co_return co_await nest(depth - 1, innermost); };
      std::optional<int> value = co_await scope.run(body);
      co_return value.value_or(0);
    }
  };
  for (bool outermost : {true, false}) {
    CancelScope scope;
    CancelScope* innermost = nullptr;
    Task<std::optional<int>> task = loop.create_task(scope.run(Here::nest(10000, innermost)));
    loop.turn();
    if (outermost) {
      scope.cancel();
    } else {
      task.cancel();
    }
    EXPECT_EQ(ending<std::optional<int>>(loop, task), outermost ? "value" : "cancelled");
  }
}

// --- with cancel() of the task ---------------------------------------------------------------------------------------

TEST_F(CancelScopes, an_outside_cancel_alone_goes_on) {
  CancelScope scope;
  Task<bool> task = loop.create_task(scope.run(hangs()));
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_FALSE(scope.cancelled_caught());
}

TEST_F(CancelScopes, an_outside_cancel_takes_precedence_over_the_scope_in_either_order) {
  for (bool scope_first : {true, false}) {
    CancelScope scope;
    Task<bool> task = loop.create_task(scope.run(hangs()));
    loop.call_later(1s, [&] {
      if (scope_first) scope.cancel();
      task.cancel("outside");
      if (!scope_first) scope.cancel();
    });
    EXPECT_EQ(ending(loop, task).substr(0, 9), "cancelled");
    EXPECT_FALSE(scope.cancelled_caught());
  }
}

TEST_F(CancelScopes, a_cancel_of_the_task_by_itself_while_the_body_unwinds_is_delivered_by_leaving_the_scope) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    current_task().cancel("by itself");
    slept.value();
  };
  auto program = [&]() -> Coro<> {
    co_await note("scope", scope.run(body));
    co_await sleep(1s);
    log.push_back("goes on");
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(log, (std::vector<std::string>{"scope cancelled: by itself", "goes on"}));
}

TEST_F(CancelScopes, a_cancel_that_is_on_its_way_when_it_is_entered_goes_on) {
  CancelScope scope;
  scope.cancel();
  auto program = [&]() -> Coro<> {
    current_task().cancel("on its way");
    co_await scope.run(hangs());
  };
  EXPECT_EQ(ending(loop, program()), "cancelled: on its way");
}

// --- with timeouts ---------------------------------------------------------------------------------------------------

TEST_F(CancelScopes, a_timeout_in_a_scope_works_and_is_no_cancellation_of_it) {
  CancelScope scope;
  EXPECT_EQ(ending(loop, scope.run(timeout(1s, hangs()))), "timeout");
}

TEST_F(CancelScopes, a_timeout_around_a_scope_passes_through_it) {
  CancelScope scope;
  EXPECT_EQ(ending(loop, timeout(1s, scope.run(hangs()))), "timeout");
  EXPECT_FALSE(scope.cancelled_caught());
}

TEST_F(CancelScopes, a_timeout_that_expires_beside_its_cancelled_region_does_not_convert) {
  CancelScope scope;
  auto body = [&]() -> Coro<> { co_await timeout(1s, hangs()); };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
}

TEST_F(CancelScopes, a_cancelled_scope_in_a_timeout_that_expires_beside_it_lets_the_timeout_win) {
  CancelScope scope;
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_EQ(ending(loop, timeout(1s, scope.run(hangs()))), "timeout");
}

// --- shields ---------------------------------------------------------------------------------------------------------

class ShieldedScopes : public CancelScopes {
 protected:
  Coro<> critical(Duration duration = 5s) {
    co_await sleep(duration);
    log.push_back("critical part done");
  }
};

TEST_F(ShieldedScopes, a_request_for_the_task_waits_for_the_end_of_the_shield_and_is_delivered_at_the_next_await) {
  auto program = [&]() -> Coro<> {
    co_await shielded(critical());
    log.push_back("after the shield");
    co_await sleep(1s);
    log.push_back("the cancel was lost");
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] {
    EXPECT_TRUE(task.cancel("outside"));
    EXPECT_EQ(task.cancelling(), 1);
    EXPECT_EQ(loop.failures().cancellations().pending, 1u);
  });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(elapsed(), 5s);
  EXPECT_EQ(log, (std::vector<std::string>{"critical part done", "after the shield"}));
}

TEST_F(ShieldedScopes, a_request_that_is_on_its_way_when_the_shield_begins_waits_too) {
  auto program = [&]() -> Coro<> {
    current_task().cancel("on its way");
    co_await shielded(critical());
    co_await yield_now();
  };
  EXPECT_EQ(ending(loop, program()), "cancelled: on its way");
  EXPECT_EQ(log, std::vector<std::string>{"critical part done"});
}

TEST_F(ShieldedScopes, a_request_that_was_withdrawn_during_the_shield_is_not_delivered) {
  auto program = [&]() -> Coro<> {
    auto body = [&]() -> Coro<> {
      co_await sleep(2s);
      EXPECT_EQ(current_task().uncancel(), 0);
    };
    co_await shielded(body);
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel(); });
  EXPECT_EQ(ending(loop, task), "value");
  EXPECT_EQ(loop.failures().cancellations().withdrawn, 1u);
}

TEST_F(ShieldedScopes, a_request_for_a_task_that_ends_with_its_shield_does_not_lose_the_value) {
  auto body = [&]() -> Coro<int> {
    co_await sleep(5s);
    co_return 3;
  };
  Task<int> task = loop.create_task(shielded(body));
  loop.call_later(1s, [&] { task.cancel(); });
  EXPECT_EQ(loop.run_until_complete(task), 3);
  EXPECT_EQ(loop.failures().cancellations().completed_anyway, 1u);
}

TEST_F(ShieldedScopes, a_request_for_a_task_that_awaits_a_shielded_one_waits_too) {
  auto inner_program = [&]() -> Coro<> {
    co_await shielded(critical());
    co_await hangs("inner");
  };
  Task<> inner = loop.create_task(inner_program);
  Task<> task = loop.create_task(waits_for<void>(inner));
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(elapsed(), 5s);
  EXPECT_EQ(log, (std::vector<std::string>{"critical part done", "inner cancelled"}));
}

TEST_F(ShieldedScopes, a_shield_in_a_cancelled_scope_finishes_its_body_and_the_next_await_outside_raises) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    co_await shielded(critical());
    log.push_back("after the shield");
    co_await hangs("after");
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(elapsed(), 6s);
  EXPECT_EQ(log, (std::vector<std::string>{"critical part done", "after the shield", "after cancelled"}));
}

TEST_F(ShieldedScopes, a_scope_that_is_cancelled_while_its_body_is_shielded_waits) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    co_await shielded(critical());
    co_await hangs("after");
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(elapsed(), 5s);
}

TEST_F(ShieldedScopes, a_timeout_around_a_shield_waits_and_then_cuts_in) {
  auto body = [&]() -> Coro<> {
    co_await shielded(critical());
    co_await hangs("after");
  };
  EXPECT_EQ(ending(loop, timeout(1s, body)), "timeout");
  EXPECT_EQ(elapsed(), 5s);
  EXPECT_EQ(log, (std::vector<std::string>{"critical part done", "after cancelled"}));
}

TEST_F(ShieldedScopes, a_timeout_that_a_shielded_body_never_noticed_is_withdrawn_and_the_value_given) {
  Timeout scope(1s);
  auto body = [&]() -> Coro<int> {
    co_await shielded(critical());
    co_return 3;
  };
  EXPECT_EQ(loop.run_until_complete(scope.run(body)), 3);
  EXPECT_TRUE(scope.expired());
  EXPECT_EQ(loop.failures().cancellations().withdrawn, 1u);
}

TEST_F(ShieldedScopes, a_timeout_inside_of_a_shield_works) {
  auto body = [&]() -> Coro<> { co_await note("timeout", timeout(1s, hangs())); };
  EXPECT_EQ(ending(loop, shielded(body)), "value");
  EXPECT_EQ(log, (std::vector<std::string>{"body cancelled", "timeout timeout"}));
}

TEST_F(ShieldedScopes, a_timeout_inside_of_a_shield_is_not_confused_by_a_request_that_waits_outside) {
  auto program = [&]() -> Coro<> {
    auto body = [&]() -> Coro<> { co_await note("timeout", timeout(2s, hangs())); };
    co_await shielded(body);
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, (std::vector<std::string>{"body cancelled", "timeout timeout"}));
}

TEST_F(ShieldedScopes, a_scope_inside_of_a_shield_can_be_cancelled) {
  CancelScope inner;
  auto body = [&]() -> Coro<bool> { co_return co_await inner.run(hangs()); };
  loop.call_later(1s, [&] { inner.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(shielded(body)));
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(ShieldedScopes, a_shielded_scope_can_itself_be_cancelled) {
  CancelScope scope(ScopeOptions().shielded().deadline_in(1s));
  auto program = [&]() -> Coro<> {
    bool ran = co_await scope.run(hangs());
    EXPECT_FALSE(ran);
    log.push_back("after the shield");
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(program);
  loop.call_later(500ms, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "cancelled: outside");
  EXPECT_EQ(log, (std::vector<std::string>{"body cancelled", "after the shield"}));
}

TEST_F(ShieldedScopes, a_body_that_cancels_the_scope_of_shielded_has_no_value) {
  auto cancels = [](CancelScope& scope) -> Coro<int> {
    scope.cancel();
    co_await yield_now();
    co_return 1;
  };
  EXPECT_EQ(ending(loop, shielded(cancels)), "cancelled: the body of shielded() cancelled its scope");
}

TEST_F(ShieldedScopes, shields_in_shields_hold_until_the_outermost_ends) {
  auto program = [&]() -> Coro<> {
    auto body = [&]() -> Coro<> {
      co_await shielded(critical(2s));
      co_await critical(2s);
    };
    co_await shielded(body);
    co_await hangs("after");
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] { task.cancel(); });
  EXPECT_EQ(ending(loop, task), "cancelled");
  EXPECT_EQ(elapsed(), 4s);
}

TEST_F(ShieldedScopes, a_group_in_a_shield_is_shielded_with_its_children) {
  CancelScope scope;
  auto body = [&]() -> Coro<> {
    auto in_group = [&](TaskGroup& group) -> Coro<> {
      group.create_task(critical());
      co_return;
    };
    co_await shielded(task_group(in_group));
    co_await hangs("after");
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(log, (std::vector<std::string>{"critical part done", "after cancelled"}));
}

TEST_F(ShieldedScopes, a_group_that_fails_in_a_shield_ends_its_body) {
  auto in_group = [&](TaskGroup& group) -> Coro<> {
    group.create_task(fails());
    co_await hangs("body");
  };
  EXPECT_EQ(ending(loop, shielded(task_group(in_group))), "group [boom]");
  EXPECT_EQ(log, std::vector<std::string>{"body cancelled"});
}

// --- with task groups ------------------------------------------------------------------------------------------------

class ScopesAndGroups : public CancelScopes {
 protected:
  CancelScope scope;

  // Swallows what it can.
  Coro<> stubborn(std::string name) {
    for (int i = 0; i < 3; ++i) co_await note(name, sleep(1h));
  }
};

TEST_F(ScopesAndGroups, the_children_of_a_group_in_it_are_cancelled_at_every_wait) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(stubborn("child"));
    co_await hangs();
  };
  loop.call_later(1s, [&] { scope.cancel("stop"); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(task_group(body))));
  EXPECT_EQ(std::count(log.begin(), log.end(), "child cancelled: stop"), 3);
  EXPECT_EQ(elapsed(), 1s);
}

TEST_F(ScopesAndGroups, grandchildren_are_too) {
  auto inner = [&](TaskGroup& group) -> Coro<> {
    group.create_task(stubborn("grandchild"));
    co_return;
  };
  auto outer = [&](TaskGroup& group) -> Coro<> {
    group.create_task(task_group(inner));
    co_return;
  };
  loop.call_later(1s, [&] { scope.cancel("stop"); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(task_group(outer))));
  EXPECT_EQ(std::count(log.begin(), log.end(), "grandchild cancelled: stop"), 3);
}

TEST_F(ScopesAndGroups, a_task_that_belongs_to_no_group_is_not_in_the_region) {
  Task<> detached;
  auto body = [&]() -> Coro<> {
    detached = create_task(sleeps(5s));
    co_await hangs();
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(ending(loop, detached), "value");
}

TEST_F(ScopesAndGroups, the_wait_for_a_shielded_child_is_no_busy_loop) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    auto child = [&]() -> Coro<> {
      co_await shielded(sleeps(1h));
      log.push_back("child done");
    };
    group.create_task(child);
    co_return;
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(task_group(body))));
  EXPECT_EQ(elapsed(), 1h);
  EXPECT_LT(time.waits(), 10u);
  EXPECT_EQ(log, std::vector<std::string>{"child done"});
}

TEST_F(ScopesAndGroups, an_outside_cancel_while_a_group_waits_in_a_cancelled_scope_is_not_lost) {
  auto program = [&]() -> Coro<> {
    auto body = [&](TaskGroup& group) -> Coro<> {
      group.create_task(shielded(sleeps(5s)));
      co_return;
    };
    co_await note("scope", scope.run(task_group(body)));
    co_await note("after", sleep(1s));
  };
  Task<> task = loop.create_task(program);
  loop.call_later(1s, [&] { scope.cancel("scope"); });
  loop.call_later(2s, [&] { task.cancel("outside"); });
  EXPECT_EQ(ending(loop, task), "value");
  EXPECT_EQ(log.front(), "scope cancelled: outside");
}

TEST_F(ScopesAndGroups, a_failure_in_a_cancelled_group_is_not_caught_by_the_scope) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    auto child = []() -> Coro<> {
      auto slept = co_await as_result(sleep(1h));
      throw std::runtime_error("cleanup");
    };
    group.create_task(child);
    co_await hangs();
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_EQ(ending(loop, scope.run(task_group(body))), "group [cleanup]");
}

TEST_F(ScopesAndGroups, a_child_created_in_a_cancelled_scope_never_starts) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    scope.cancel();
    auto child = [&]() -> Coro<> {
      log.push_back("child starts");
      co_return;
    };
    group.create_task(child);
    co_return;
  };
  EXPECT_FALSE(loop.run_until_complete(scope.run(task_group(body))));
  EXPECT_TRUE(log.empty());
}

TEST_F(ScopesAndGroups, a_group_that_ended_quietly_in_a_cancelled_scope_lets_the_scope_catch) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.cancel();
    scope.cancel();
    co_await hangs();
  };
  auto program = [&]() -> Coro<> {
    bool ran = co_await scope.run(task_group(body));
    EXPECT_FALSE(ran);
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(ScopesAndGroups, a_group_object_may_outlive_the_scope_that_it_was_made_in) {
  std::optional<TaskGroup> group;
  auto program = [&]() -> Coro<> {
    auto body = [&]() -> Coro<> {
      group.emplace();
      group->create_task(sleeps(5s));
      scope.cancel();
      co_await hangs();
    };
    bool ran = co_await scope.run(body);
    EXPECT_FALSE(ran);
    co_await group->join();
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(elapsed(), 5s);
}

TEST_F(ScopesAndGroups, a_join_in_a_cancelled_scope_cancels_the_children) {
  auto body = [&]() -> Coro<> {
    TaskGroup group;
    group.create_task(hangs("child"));
    co_await group.join();
  };
  loop.call_later(1s, [&] { scope.cancel(); });
  EXPECT_FALSE(loop.run_until_complete(scope.run(body)));
  EXPECT_EQ(log, std::vector<std::string>{"child cancelled"});
}

// --- the end of the loop ---------------------------------------------------------------------------------------------

TEST_F(CancelScopes, a_loop_closed_while_the_body_waits_destroys_it) {
  CancelScope scope(ScopeOptions().deadline_in(1h));
  loop.create_task(scope.run(hangs()));
  loop.turn();
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
  scope.cancel();
}

TEST_F(CancelScopes, a_loop_closed_between_the_cancellation_and_its_effect_destroys_the_body) {
  CancelScope scope;
  loop.create_task(scope.run(hangs()));
  loop.turn();
  scope.cancel();
  loop.close();
  loop.take_report();
  EXPECT_TRUE(log.empty());
}

TEST_F(CancelScopes, a_loop_closed_during_a_shield_settles_the_request_that_waits) {
  Task<> task = loop.create_task(shielded(sleeps(1h)));
  loop.turn();
  task.cancel();
  loop.close();
  loop.take_report();
  EXPECT_EQ(loop.failures().cancellations().completed_anyway, 1u);
}

TEST_F(CancelScopes, a_scope_may_outlive_the_loop) {
  auto scope = std::make_unique<CancelScope>(ScopeOptions().deadline_in(1h));
  loop.create_task(scope->run(hangs()));
  loop.turn();
  loop.close();
  loop.take_report();
  scope.reset();
}

TEST_F(CancelScopes, a_scope_whose_task_ended_without_it_does_nothing_at_its_deadline) {
  ExpectedLeak frames;  // the loop leaves the frames of a lost task alone
  CancelScope scope(ScopeOptions().deadline_in(1s));
  CancelScope other(ScopeOptions().deadline_in(1h));
  auto body = []() -> Coro<> { co_await std::suspend_always(); };
  for (CancelScope* one : {&scope, &other}) {
    Task<bool> task = loop.create_task(one->run(body));
    loop.turn();
    EXPECT_TRUE(contains(ending<bool>(task), "got bad yield"));
  }
  loop.run_for(2s);
  EXPECT_TRUE(scope.cancel_called());
}

}  // namespace
}  // namespace heed::test

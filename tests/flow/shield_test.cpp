// shield(): rule by rule as asyncio has it (L1 - L8 of its semantics), and the failures that it must not lose.
#include "heed/flow/shield.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "heed/flow/gather.hpp"
#include "heed/flow/run.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/endings.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Shield : public LoopTest {
 protected:
  static Coro<> fails_after(Duration duration) {
    co_await sleep(duration);
    throw std::runtime_error("inner");
  }
  static Coro<int> returns_after(Duration duration, int value) {
    co_await sleep(duration);
    co_return value;
  }
  // Awaits the shield of it.
  template <class T>
  static Coro<T> waits_behind_shield(Task<T> inner) {
    co_return co_await shield(inner);
  }
};

TEST_F(Shield, what_is_done_already_is_returned_itself) {
  Future<int> value = loop.create_future<int>();
  value.set_result(1);
  Future<> failed = loop.create_future<>();
  failed.set_exception(std::runtime_error("read below"));
  Future<> cancelled = loop.create_future<>();
  cancelled.cancel();
  EXPECT_EQ(shield(value), value);
  EXPECT_EQ(shield(failed), failed);
  EXPECT_EQ(shield(cancelled), cancelled);
  EXPECT_EQ(ending(failed), "read below");
}

TEST_F(Shield, it_ends_as_the_inner_one_does) {
  Task<int> inner = loop.create_task(returns_after(1s, 4));
  EXPECT_EQ(loop.run_until_complete(waits_behind_shield(inner)), 4);
  EXPECT_EQ(inner.result(), 4);
}

TEST_F(Shield, cancelling_it_does_not_cancel_the_inner_one) {
  Task<int> inner = loop.create_task(returns_after(1s, 4));
  Future<int> outer = shield(inner);
  EXPECT_TRUE(outer.cancel("no matter"));
  EXPECT_FALSE(outer.cancel());
  EXPECT_TRUE(outer.cancelled());
  EXPECT_EQ(inner.cancelling(), 0);
  EXPECT_EQ(loop.run_until_complete(inner), 4);
}

TEST_F(Shield, a_cancelled_caller_raises_at_once_and_the_inner_one_goes_on) {
  Task<int> inner = loop.create_task(returns_after(5s, 4));
  Task<int> caller = loop.create_task(waits_behind_shield(inner));
  loop.call_later(1s, [&] { caller.cancel("caller"); });
  EXPECT_EQ(ending(loop, caller), "cancelled: caller");
  EXPECT_FALSE(inner.done());
  EXPECT_EQ(loop.run_until_complete(inner), 4);
}

TEST_F(Shield, it_is_cancelled_when_the_inner_one_is) {
  Task<int> inner = loop.create_task(returns_after(1s, 4));
  Future<int> outer = shield(inner);
  loop.turn();
  inner.cancel("inner");
  EXPECT_EQ(ending(loop, outer), "cancelled: inner");
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(Shield, a_failure_of_the_inner_one_is_raised_and_not_reported) {
  Task<> inner = loop.create_task(fails_after(1s));
  Task<> caller = loop.create_task(waits_behind_shield(inner));
  inner = {};
  EXPECT_EQ(ending(loop, caller), "inner");
}

TEST_F(Shield, a_failure_that_it_got_and_nobody_reads_is_reported_once) {
  Task<> inner = loop.create_task(fails_after(1s), named("inner"));
  Future<> outer = shield(inner);
  loop.run_for(2s);
  inner = {};
  outer = {};
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Future exception was never retrieved");
  EXPECT_NE(report.record->cause_id, 0u);
}

TEST_F(Shield, a_failure_after_it_was_cancelled_is_reported_when_the_inner_one_is_dropped) {
  Task<> inner = loop.create_task(fails_after(1s), named("inner"));
  Future<> outer = shield(inner);
  outer.cancel();
  loop.run_for(2s);
  EXPECT_TRUE(loop.reports.empty());
  inner = {};
  EXPECT_EQ(loop.take_report().task, "inner");
}

TEST_F(Shield, a_failure_after_it_was_cancelled_can_still_be_read_from_the_inner_one) {
  Task<> inner = loop.create_task(fails_after(1s));
  shield(inner).cancel();
  EXPECT_EQ(ending(loop, inner), "inner");
}

TEST_F(Shield, a_failure_in_the_turn_in_which_it_is_cancelled_is_reported) {
  Future<> inner = loop.create_future<>();
  Future<> outer = shield(inner);
  inner.set_exception(std::runtime_error("inner"));
  outer.cancel();
  loop.turn(2);
  EXPECT_TRUE(outer.cancelled());
  inner = {};
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: inner");
}

TEST_F(Shield, a_failure_of_a_coroutine_without_a_handle_is_reported_after_the_caller_was_cancelled) {
  auto program = [&]() -> Coro<> { co_await shield(fails_after(2s)); };
  Task<> caller = loop.create_task(program);
  loop.call_later(1s, [&] { caller.cancel(); });
  EXPECT_EQ(ending(loop, caller), "cancelled");
  loop.run_for(2s);
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
}

TEST_F(Shield, a_failure_stays_with_the_inner_one_when_nobody_waits_for_the_outer_one) {
  Task<> inner = loop.create_task(fails_after(1s));
  static_cast<void>(shield(inner));
  loop.run_for(2s);
  EXPECT_EQ(ending(loop, inner), "inner");  // no report of a future that nobody has
}

TEST_F(Shield, a_callback_of_an_outer_one_without_a_handle_is_called) {
  Task<> inner = loop.create_task(fails_after(1s));
  std::string seen;
  shield(inner).add_done_callback([&](const Future<>& outer) { seen = ending(outer); });
  inner = {};
  loop.run_for(2s);
  EXPECT_EQ(seen, "inner");
}

TEST_F(Shield, a_coroutine_becomes_a_task_that_goes_on_without_a_handle) {
  bool finished = false;
  auto inner = [&]() -> Coro<> {
    co_await sleep(2s);
    finished = true;
  };
  auto program = [&]() -> Coro<> { co_await shield(inner); };
  Task<> caller = loop.create_task(program);
  loop.call_later(1s, [&] { caller.cancel(); });
  EXPECT_EQ(ending(loop, caller), "cancelled");
  loop.run_for(2s);
  EXPECT_TRUE(finished);
}

TEST_F(Shield, a_coroutine_needs_a_running_loop_and_a_future_does_not) {
  EXPECT_EQ(thrown<std::runtime_error>([] { static_cast<void>(shield(turns(1))); }), "no running event loop");
  Future<> inner = loop.create_future<>();
  EXPECT_FALSE(shield(inner).done());
}

TEST_F(Shield, one_in_a_loop_around_a_long_task_leaves_nothing_behind) {
  Task<> inner = loop.create_task(sleeps(1h));
  loop.turn();
  auto before = inner.state().references();
  auto program = [&]() -> Coro<> {
    for (int i = 0; i < 1000; ++i) {
      Future<> outer = shield(inner);
      loop.call_soon([outer]() mutable { outer.cancel(); });
      auto ended = co_await as_result(outer);
      EXPECT_TRUE(ended.cancelled());
    }
  };
  int freed = 0;
  struct Probe {
    int* freed;
  };
  Future<> outer = shield(inner);
  auto probe = std::shared_ptr<Probe>(new Probe{&freed}, [](Probe* p) {
    ++*p->freed;
    delete p;
  });
  outer.add_done_callback([probe] {});
  probe.reset();
  outer.cancel();
  loop.turn();
  EXPECT_EQ(freed, 1);
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(inner.state().references(), before);
  EXPECT_EQ(ending(loop, inner), "value");
}

TEST_F(Shield, shields_of_shields_pass_everything_on) {
  Task<int> inner = loop.create_task(returns_after(1s, 4));
  Future<int> outermost = shield(shield(shield(inner)));
  EXPECT_EQ(loop.run_until_complete(outermost), 4);
}

TEST_F(Shield, several_shields_of_one_task_each_have_the_value) {
  Task<std::string> inner = loop.create_task(returns(std::string(100, 'x')));
  Future<std::string> first = shield(inner);
  Future<std::string> second = shield(inner);
  EXPECT_EQ(loop.run_until_complete(std::move(first)).size(), 100u);
  EXPECT_EQ(loop.run_until_complete(std::move(second)).size(), 100u);
  EXPECT_EQ(inner.result().size(), 100u);
}

TEST_F(Shield, the_value_may_be_one_that_can_only_be_moved_or_a_reference) {
  auto moves = []() -> Coro<std::unique_ptr<int>> {
    co_await yield_now();
    co_return std::make_unique<int>(8);
  };
  auto awaits = [&]() -> Coro<int> {
    std::unique_ptr<int> value = co_await shield(moves);
    co_return *value;
  };
  EXPECT_EQ(loop.run_until_complete(awaits()), 8);
  int object = 0;
  auto refers = [&]() -> Coro<int&> {
    co_await yield_now();
    co_return object;
  };
  Task<int&> task = loop.create_task(refers);
  EXPECT_EQ(&loop.run_until_complete(shield(task)), &object);
}

struct CopyThrows {
  CopyThrows() = default;
  CopyThrows(CopyThrows&&) = default;
  CopyThrows(const CopyThrows&) { throw std::runtime_error("cannot be copied"); }
};

TEST_F(Shield, a_value_that_cannot_be_copied_after_all_fails_the_outer_one_only) {
  auto body = []() -> Coro<CopyThrows> {
    co_await yield_now();
    co_return CopyThrows();
  };
  Task<CopyThrows> inner = loop.create_task(body);
  Future<CopyThrows> outer = shield(inner);
  loop.turn(4);
  EXPECT_EQ(ending(outer), "cannot be copied");
  EXPECT_EQ(ending<CopyThrows>(inner), "value");
}

TEST_F(Shield, outcomes_of_a_gather_count_as_read_when_they_are_read_through_it) {
  auto program = [&]() -> Coro<> {
    auto outcomes = co_await shield(gather(return_exceptions, fails_later("a"), fails_later("b")));
    EXPECT_TRUE(std::get<0>(outcomes).failed());
  };
  EXPECT_EQ(ending(loop, program()), "value");
}

TEST_F(Shield, outcomes_of_a_gather_that_nobody_reads_are_reported) {
  auto program = [&]() -> Coro<> {
    auto outer = shield(gather(return_exceptions, fails_later("a"), fails_later("b")));
    co_await sleep(1s);
  };
  EXPECT_EQ(ending(loop, program()), "value");
  EXPECT_EQ(loop.take_reports(2)[0].exception, "std::runtime_error: a");
}

TEST_F(Shield, a_future_that_nobody_ever_finishes_is_no_leak) {
  Future<Counted> inner = loop.create_future<Counted>();
  Future<Counted> outer = shield(inner);  // the leak checker looks
  inner = {};
  outer = {};
}

TEST_F(Shield, it_does_not_protect_against_the_end_of_run) {
  bool cancelled = false;
  auto inner = [&]() -> Coro<> {
    auto slept = co_await as_result(sleep(1h));
    cancelled = slept.cancelled();
    slept.value();
  };
  auto program = [&]() -> Coro<> {
    Future<> outer = shield(inner);
    co_await yield_now();
  };
  heed::run(program());
  EXPECT_TRUE(cancelled);
}

TEST_F(Shield, a_loop_closed_meanwhile_reports_the_tasks_once) {
  Task<int> inner = loop.create_task(returns_after(1h, 1), named("inner"));
  Task<int> caller = loop.create_task(waits_behind_shield(inner), named("caller"));
  loop.turn(2);
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].task, "inner");
  EXPECT_EQ(reports[1].task, "caller");
}

TEST_F(Shield, a_handle_that_outlives_the_loop_is_harmless) {
  auto own_loop = std::make_unique<EventLoop>();
  Future<> inner = own_loop->create_future<>();
  Future<> outer = shield(inner);
  own_loop.reset();
  EXPECT_FALSE(outer.done());
  outer.cancel();
}

}  // namespace
}  // namespace heed::test

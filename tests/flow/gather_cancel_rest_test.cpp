// gather() that ends all its children at the first failure, and the one that never raises.
#include <gtest/gtest.h>

#include <algorithm>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class GatherCancelRest : public LoopTest {
 protected:
  Coro<int> value_after(int n, int value = 0) {
    co_await turns(n);
    co_return value;
  }
  Coro<int> fails_after(int n, std::string text) {
    co_await turns(n);
    throw std::runtime_error(text);
    co_return 0;
  }
  // Waits; when it is cancelled, needs some turns, and then fails, or ends as cancelled.
  Coro<int> cleans_up(std::string name, int n, std::string error = "") {
    auto outcome = co_await as_result(waits_for_ever());
    auto rest = co_await as_result(turns(n));
    seen += name + (rest.cancelled() ? "(cancelled twice) " : " ");
    if (!error.empty()) throw std::runtime_error(error);
    co_return outcome.exception() ? throw CancelledError() : 0;
  }
  static std::string texts(const std::exception_ptr& exception) {
    const auto* group = find<ExceptionGroup>(exception);
    if (!group) return describe(exception);
    std::string text = group->message() + ":";
    for (const std::exception_ptr& member : group->exceptions()) text += " " + message_of(member);
    return text;
  }
  std::string seen;
};

TEST_F(GatherCancelRest, the_first_failure_cancels_the_others_and_all_are_awaited) {
  auto body = [&]() -> Coro<std::string> {
    auto outcome =
        co_await as_result(gather(cancel_rest, cleans_up("a", 3), fails_after(1, "boom"), cleans_up("b", 5)));
    seen += "| ";
    co_return texts(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): boom");
  EXPECT_EQ(seen, "a b | ");
  EXPECT_EQ(loop.failures().failures().merged, 1u);
  EXPECT_EQ(loop.failures().failures().retrieved, 1u);
}

TEST_F(GatherCancelRest, what_fails_meanwhile_is_in_the_group_the_first_failure_first) {
  auto body = [&]() -> Coro<std::string> {
    std::vector<Coro<int>> all;
    all.push_back(cleans_up("a", 3, "late"));
    all.push_back(cleans_up("b", 1, "early"));
    all.push_back(fails_after(2, "first"));
    all.push_back(fails_after(2, "second"));
    auto outcome = co_await as_result(gather(cancel_rest, std::move(all)));
    co_return texts(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): first second early late");
  EXPECT_EQ(loop.failures().failures().merged, 4u);
}

TEST_F(GatherCancelRest, a_group_that_nobody_reads_is_reported_once) {
  auto body = [&]() -> Coro<> {
    gather(cancel_rest, fails_after(1, "boom"), cleans_up("a", 1));
    co_await turns(8);
  };
  loop.run_until_complete(body());
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "_GatheringFuture exception was never retrieved");
  EXPECT_EQ(texts(report.error), "unhandled errors in gather(): boom");
  ASSERT_TRUE(report.record);
  EXPECT_NE(report.record->cause_id, 0u);
}

TEST_F(GatherCancelRest, a_failure_that_is_there_already_counts_and_the_same_child_twice_is_one) {
  auto body = [&]() -> Coro<std::string> {
    Task<int> failed = create_task(fails_after(0, "boom"));
    co_await turns(2);
    auto outcome = co_await as_result(gather(cancel_rest, failed, value_after(9), failed));
    co_return texts(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): boom");
}

TEST_F(GatherCancelRest, a_child_that_somebody_else_cancels_ends_it_with_its_cancellation) {
  auto body = [&]() -> Coro<std::string> {
    Task<int> victim = create_task(cleans_up("victim", 1));
    auto all = gather(cancel_rest, victim, cleans_up("other", 2));
    co_await turns(2);
    victim.cancel("by hand");
    auto outcome = co_await as_result(all);
    EXPECT_FALSE(all.cancelled());
    co_return describe(outcome.exception());
  };
  EXPECT_TRUE(contains(loop.run_until_complete(body()), "heed::CancelledError"));
  EXPECT_EQ(seen, "victim other ");
}

TEST_F(GatherCancelRest, a_failure_outranks_the_cancellation_that_came_first) {
  auto body = [&]() -> Coro<std::string> {
    Task<int> victim = create_task(cleans_up("victim", 0));
    auto all = gather(cancel_rest, victim, cleans_up("other", 2, "boom"));
    co_await turns(2);
    victim.cancel();
    auto outcome = co_await as_result(all);
    co_return texts(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): boom");
}

TEST_F(GatherCancelRest, an_outside_cancel_comes_out_when_all_have_ended) {
  auto body = [&]() -> Coro<> { co_await gather(cancel_rest, cleans_up("a", 3), cleans_up("b", 1)); };
  Task<> task = loop.create_task(body);
  loop.turn(3);
  task.cancel("stop");
  loop.turn(3);
  EXPECT_FALSE(task.done());
  loop.turn(8);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(seen, "b a ");
}

TEST_F(GatherCancelRest, a_failure_during_an_outside_cancel_comes_out_as_a_group) {
  auto body = [&]() -> Coro<> { co_await gather(cancel_rest, cleans_up("a", 3, "boom"), cleans_up("b", 1)); };
  Task<> task = loop.create_task(body);
  loop.turn(3);
  task.cancel();
  loop.turn(12);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(texts(task.exception()), "unhandled errors in gather(): boom");
}

TEST_F(GatherCancelRest, an_outside_cancel_after_the_first_failure_does_not_interrupt_the_cleanup) {
  auto body = [&]() -> Coro<> { co_await gather(cancel_rest, cleans_up("a", 6), fails_after(1, "boom")); };
  Task<> task = loop.create_task(body);
  loop.turn(5);
  task.cancel();
  loop.turn(12);
  EXPECT_EQ(texts(task.exception()), "unhandled errors in gather(): boom");
  EXPECT_EQ(seen, "a ");
}

TEST_F(GatherCancelRest, an_interrupt_is_raised_by_itself_and_the_other_failures_are_reported) {
  auto body = [&]() -> Coro<std::string> {
    auto stop = throws(std::make_exception_ptr(KeyboardInterrupt("stop")));
    auto outcome = co_await as_result(gather(cancel_rest, std::move(stop), cleans_up("a", 1, "boom")));
    co_return describe(outcome.exception());
  };
  Task<std::string> task = loop.create_task(body);
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
  EXPECT_EQ(loop.run_until_complete(task), "heed::KeyboardInterrupt: stop");
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: boom");
}

TEST_F(GatherCancelRest, plain_futures_are_cancelled_at_once) {
  auto body = [&]() -> Coro<std::string> {
    Future<int> never = loop.create_future<int>();
    auto outcome = co_await as_result(gather(cancel_rest, never, fails_after(1, "boom")));
    EXPECT_TRUE(never.cancelled());
    co_return texts(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): boom");
}

TEST_F(GatherCancelRest, a_future_that_a_failure_at_the_start_cancels_counts_once) {
  auto body = [&]() -> Coro<std::string> {
    auto failed = loop.create_future<int>();
    auto pending = loop.create_future<int>();
    failed.set_exception(std::runtime_error("boom"));
    auto cleaning = create_task(cleans_up("cleaned", 3));
    co_await yield_now();
    auto outcome = co_await as_result(gather(cancel_rest, failed, pending, cleaning));
    seen += "| ";
    co_return texts(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): boom");
  EXPECT_EQ(seen, "cleaned | ");
}

TEST_F(GatherCancelRest, groups_nest) {
  auto body = [&]() -> Coro<std::string> {
    auto inner = gather(cancel_rest, fails_after(1, "inner"), cleans_up("a", 1));
    auto outcome = co_await as_result(gather(cancel_rest, inner, cleans_up("b", 1)));
    const auto* group = find<ExceptionGroup>(outcome.exception());
    co_return group ? texts(group->exceptions()[0]) : "no group";
  };
  EXPECT_EQ(loop.run_until_complete(body()), "unhandled errors in gather(): inner");
}

TEST_F(GatherCancelRest, the_loop_may_close_while_it_waits) {
  auto body = [&]() -> Coro<> { co_await gather(cancel_rest, fails_after(1, "boom"), cleans_up("a", 1000)); };
  Task<> task = loop.create_task(body);
  loop.turn(6);
  loop.close();
  std::vector<std::string> messages;
  for (const SeenReport& report : loop.take_reports(3)) messages.push_back(report.message);
  EXPECT_EQ(std::count(messages.begin(), messages.end(), "Task was destroyed but it is pending!"), 2);
  EXPECT_EQ(std::count(messages.begin(), messages.end(), "Task exception was never retrieved"), 1);
}

TEST_F(GatherCancelRest, without_a_failure_it_gives_the_results) {
  auto body = [&]() -> Coro<int> {
    auto [one, two] = co_await gather(cancel_rest, value_after(3, 1), value_after(1, 2));
    std::vector<Coro<int>> more;
    more.push_back(value_after(1, 3));
    std::vector<int> three = co_await gather(cancel_rest, std::move(more));
    co_return one * 100 + two * 10 + three[0];
  };
  EXPECT_EQ(loop.run_until_complete(body()), 123);
}

TEST_F(GatherCancelRest, try_gather_never_raises) {
  auto body = [&]() -> Coro<std::string> {
    auto [failed, value] = co_await try_gather(fails_after(1, "boom"), value_after(4, 7));
    std::vector<Task<int>> tasks{create_task(fails_after(1, "again"))};
    auto more = co_await try_gather(tasks);
    co_return describe(failed.exception()) + " " + std::to_string(value.value()) + " " + describe(more[0].exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: boom 7 std::runtime_error: again");
}

TEST_F(GatherCancelRest, tasks_of_any_type_can_be_gathered) {
  auto body = [&]() -> Coro<std::string> {
    std::vector<AnyTask> tasks{create_task(value_after(1, 7)), create_task(fails_after(1, "boom"))};
    std::vector<Outcome<void>> outcomes = co_await try_gather(tasks);
    std::vector<AnyFuture> futures{create_task(value_after(1, 7))};
    std::vector<std::monostate> nothing = co_await gather(futures);
    auto [one, two] = co_await gather(tasks[0], value_after(1, 2));
    static_assert(std::is_same_v<decltype(one), std::monostate>);
    co_return describe(outcomes[1].exception()) + std::to_string(outcomes[0].has_value()) +
        std::to_string(nothing.size()) + std::to_string(two);
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: boom112");
}

TEST_F(GatherCancelRest, a_result_that_is_not_seen_keeps_the_failures_in_it) {
  auto body = [&]() -> Coro<> {
    auto outcomes = try_gather(fails_after(1, "unseen"));
    co_await gather(AnyFuture(outcomes));
    co_await try_gather(AnyFuture(outcomes));
  };
  loop.run_until_complete(body());
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: unseen");
}

}  // namespace
}  // namespace heed::test

// Several ways to one result.
#include "heed/flow/staggered_race.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/cancel_scope.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class StaggeredRace : public LoopTest {
 protected:
  using Way = std::function<Coro<int>()>;
  Way wins_in(Duration delay, int value) {
    return [this, delay, value] { return win(delay, value); };
  }
  Way fails_in(Duration delay, std::string text) {
    return [this, delay, text] { return fail(delay, text); };
  }
  // Never by itself; when it is cancelled it takes a second, and fails with the text, if there is one.
  Way hangs(std::string text = "") {
    return [this, text] { return hang(text); };
  }
  Coro<int> win(Duration delay, int value) {
    started += std::to_string(seconds()) + " ";
    co_await sleep(delay);
    co_return value;
  }
  Coro<int> fail(Duration delay, std::string text) {
    started += std::to_string(seconds()) + " ";
    co_await sleep(delay);
    throw std::runtime_error(text);
  }
  Coro<int> hang(std::string text) {
    started += std::to_string(seconds()) + " ";
    auto outcome = co_await as_result(waits_for_ever());
    co_await sleep(1s);
    ended += std::to_string(seconds()) + " ";
    if (!text.empty()) throw std::runtime_error(text);
    std::rethrow_exception(outcome.exception());
  }
  long seconds() const { return std::chrono::duration_cast<std::chrono::seconds>(loop.time() - begin).count(); }
  static std::string texts(const std::vector<std::exception_ptr>& exceptions) {
    std::string text;
    for (const std::exception_ptr& exception : exceptions)
      text += !exception ? "won " : is_cancellation(exception) ? "cancelled " : message_of(exception) + " ";
    return text;
  }
  TimePoint begin = loop.time();
  std::string started, ended;
};

TEST_F(StaggeredRace, when_all_fail_all_of_it_is_raised_in_the_order_of_their_start) {
  auto body = [&]() -> Coro<std::string> {
    auto outcome = co_await as_result(staggered_race(1s, fails_in(9s, "a"), fails_in(2s, "b"), fails_in(0s, "c")));
    const auto* group = find<ExceptionGroup>(outcome.exception());
    co_return group ? group->message() + ": " + texts(group->exceptions()) : describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "all of a staggered_race() failed: a b c ");
  EXPECT_EQ(loop.failures().failures().merged, 3u);
}

TEST_F(StaggeredRace, a_failure_starts_the_next_one_at_once) {
  auto body = [&]() -> Coro<std::string> {
    auto result = co_await staggered_race(10s, fails_in(2s, "a"), wins_in(1s, 7));
    co_return std::to_string(result.value) + std::to_string(result.index) + " " + texts(result.exceptions);
  };
  EXPECT_EQ(loop.run_until_complete(body()), "71 a won ");
  EXPECT_EQ(started, "0 2 ");
}

TEST_F(StaggeredRace, losers_are_cancelled_and_awaited_and_what_they_fail_with_is_in_the_result) {
  auto body = [&]() -> Coro<std::string> {
    auto result = co_await staggered_race(1s, hangs("late"), hangs(), wins_in(1s, 7), wins_in(1s, 8));
    co_return std::to_string(result.value) + std::to_string(result.index) + " " + texts(result.exceptions);
  };
  EXPECT_EQ(loop.run_until_complete(body()), "72 late cancelled won cancelled ");
  EXPECT_EQ(started, "0 1 2 3 ");
  EXPECT_EQ(ended, "4 4 ");
}

TEST_F(StaggeredRace, without_a_delay_only_a_failure_starts_the_next_one) {
  auto body = [&]() -> Coro<std::string> {
    std::vector<Way> ways{fails_in(5s, "a"), wins_in(30s, 1), wins_in(1s, 2)};
    auto result = co_await staggered_race(ways, std::nullopt);
    co_return std::to_string(result.value) + " " + texts(result.exceptions);
  };
  EXPECT_EQ(loop.run_until_complete(body()), "1 a won ");
  EXPECT_EQ(started, "0 5 ");
}

TEST_F(StaggeredRace, a_way_that_throws_at_once_has_failed) {
  auto body = [&]() -> Coro<int> {
    Way thrower = []() -> Coro<int> { throw std::runtime_error("at once"); };
    auto result = co_await staggered_race(10s, thrower, wins_in(0s, 3));
    EXPECT_EQ(texts(result.exceptions), "at once won ");
    co_return result.value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 3);
}

TEST_F(StaggeredRace, an_outside_cancel_comes_out_when_all_have_ended_and_failures_are_reported) {
  auto body = [&]() -> Coro<> { co_await staggered_race(10s, fails_in(1s, "a"), hangs(), hangs("b")); };
  Task<> task = loop.create_task(body);
  loop.run_for(2s);
  task.cancel("stop");
  loop.turn(4);
  EXPECT_FALSE(task.done());
  loop.run_for(3s);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(started, "0 1 ");
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: a");
}

TEST_F(StaggeredRace, an_outside_cancel_while_the_losers_end_is_not_lost) {
  auto body = [&]() -> Coro<> { co_await staggered_race(1s, hangs(), wins_in(1s, 7)); };
  Task<> task = loop.create_task(body);
  loop.run_for(2500ms);
  task.cancel();
  loop.run_for(3s);
  EXPECT_TRUE(task.cancelled());
}

TEST_F(StaggeredRace, when_each_was_cancelled_by_somebody_that_comes_out) {
  auto body = [&]() -> Coro<bool> {
    auto cancelled = []() -> Coro<int> { throw CancelledError("by hand"); };
    auto outcome = co_await as_result(staggered_race(1s, cancelled, cancelled));
    co_return outcome.cancelled();
  };
  EXPECT_TRUE(loop.run_until_complete(body()));
}

TEST_F(StaggeredRace, an_interrupt_ends_it) {
  auto interrupted = []() -> Coro<int> { throw KeyboardInterrupt("stop"); };
  auto body = [&]() -> Coro<std::string> {
    auto outcome = co_await as_result(staggered_race(1s, hangs("late"), interrupted, wins_in(1s, 1)));
    co_return describe(outcome.exception());
  };
  Task<std::string> task = loop.create_task(body);
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
  EXPECT_EQ(loop.run_until_complete(task), "heed::KeyboardInterrupt: stop");
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: late");
}

TEST_F(StaggeredRace, of_nobody_is_refused) {
  auto body = [&]() -> Coro<std::string> {
    std::vector<Way> none;
    auto outcome = co_await as_result(staggered_race(none, 1s));
    co_return describe(outcome.exception());
  };
  EXPECT_TRUE(contains(loop.run_until_complete(body()), "std::invalid_argument"));
}

TEST_F(StaggeredRace, a_cancelled_scope_reaches_the_racers) {
  auto body = [&]() -> Coro<bool> {
    CancelScope scope(ScopeOptions().deadline_in(500ms));
    auto inside = [&]() -> Coro<> { co_await staggered_race(10s, [] { return waits_for_ever(); }); };
    co_return co_await scope.run(inside);
  };
  EXPECT_FALSE(loop.run_until_complete(body()));
}

TEST_F(StaggeredRace, the_wait_for_a_shielded_racer_in_a_cancelled_scope_is_no_busy_loop) {
  auto body = []() -> Coro<bool> {
    CancelScope scope(ScopeOptions().deadline_in(500ms));
    auto inside = [&]() -> Coro<> { co_await staggered_race(10s, [] { return shielded(sleeps(1h)); }); };
    co_return co_await scope.run(inside);
  };
  EXPECT_FALSE(loop.run_until_complete(body()));
  EXPECT_EQ(seconds(), 3600);
  EXPECT_LT(time.waits(), 10u);
}

TEST_F(StaggeredRace, the_first_one_alone_wins_if_it_is_quick) {
  auto body = [&]() -> Coro<std::string> {
    auto result = co_await staggered_race(1s, wins_in(500ms, 5), wins_in(0s, 6));
    co_return std::to_string(result.value) + " " + texts(result.exceptions);
  };
  EXPECT_EQ(loop.run_until_complete(body()), "5 won ");
  EXPECT_EQ(started, "0 ");
}

TEST_F(StaggeredRace, the_value_may_be_nothing_or_move_only) {
  auto body = [&]() -> Coro<int> {
    auto nothing = co_await staggered_race(1s, [] { return sleeps(1s); });
    EXPECT_EQ(nothing.index, 0u);
    auto make = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
    auto result = co_await staggered_race(1s, make);
    co_return *result.value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 4);
}

}  // namespace
}  // namespace heed::test

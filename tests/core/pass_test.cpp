// as_result and pass, on everything that can be awaited, through chains of every depth.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Passing : public LoopTest, public ::testing::WithParamInterface<int> {
 protected:
  std::vector<std::string> log;

  static std::vector<std::string> frames(int depth) {
    std::vector<std::string> names;
    for (int i = 0; i <= depth; ++i) names.push_back("frame " + std::to_string(i));
    return names;
  }
  // `depth` coroutines that pass, around `bottom`.
  template <class Awaitable>
  Coro<> chain(int depth, Awaitable bottom) {
    Trace trace(log, "frame " + std::to_string(depth));
    if (depth == 0) {
      co_await pass(std::move(bottom));
    } else {
      co_await pass(chain(depth - 1, std::move(bottom)));
    }
    log.push_back("not skipped");
  }
  template <class Awaitable>
  std::string outcome(int depth, Awaitable bottom) {
    auto body = [&](Awaitable inner) -> Coro<std::string> {
      Outcome<void> result = co_await as_result(chain(depth, std::move(inner)));
      co_return describe(result.exception());
    };
    return loop.run_until_complete(body(std::move(bottom)));
  }
};

TEST_P(Passing, a_coroutine_that_fails_at_once) {
  EXPECT_EQ(outcome(GetParam(), fails()), "std::runtime_error: boom");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_coroutine_that_fails_later) {
  EXPECT_EQ(outcome(GetParam(), fails_later()), "std::runtime_error: boom");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_task_that_fails) {
  EXPECT_EQ(outcome(GetParam(), loop.create_task(fails_later())), "std::runtime_error: boom");
  EXPECT_EQ(log, frames(GetParam()));
  EXPECT_EQ(loop.failures().failures().retrieved, 1u);
}

TEST_P(Passing, a_task_that_has_failed_already) {
  Task<> task = loop.create_task(fails());
  loop.turn();
  EXPECT_EQ(outcome(GetParam(), task), "std::runtime_error: boom");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_future_that_fails) {
  Future<> future = loop.create_future<>();
  loop.call_soon([&] { future.set_exception(std::runtime_error("boom")); });
  EXPECT_EQ(outcome(GetParam(), future), "std::runtime_error: boom");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_future_that_is_cancelled) {
  Future<> future = loop.create_future<>();
  loop.call_soon([&] { future.cancel("why"); });
  EXPECT_EQ(outcome(GetParam(), future), "heed::CancelledError: why");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_sleep_that_is_cancelled) {
  Task<> task = loop.create_task(chain(GetParam(), sleep(1h)));
  loop.turn();
  task.cancel("why");
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "why");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_yield_that_is_cancelled) {
  Task<> task = loop.create_task(chain(GetParam(), yield_now()));
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_task_that_waits_for_a_future_and_is_cancelled) {
  Future<> future = loop.create_future<>();
  Task<> task = loop.create_task(chain(GetParam(), future));
  loop.turn();
  task.cancel("why");
  loop.turn();
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "why");
  EXPECT_EQ(log, frames(GetParam()));
  EXPECT_EQ(loop.failures().cancellations().delivered, 1u);
}

TEST_P(Passing, a_task_that_waits_for_another_one_and_is_cancelled) {
  Task<> inner = loop.create_task(chain(GetParam(), sleep(1h)));
  Task<> outer = loop.create_task(chain(GetParam(), inner));
  loop.turn();
  outer.cancel("why");
  loop.turn(2);
  EXPECT_EQ(thrown<CancelledError>([&] { inner.result(); }), "why");
  EXPECT_EQ(thrown<CancelledError>([&] { outer.result(); }), "why");
  EXPECT_EQ(log.size(), 2u * frames(GetParam()).size());
}

TEST_P(Passing, a_future_that_was_cancelled_by_somebody_else_ends_the_task) {
  Future<> future = loop.create_future<>();
  Task<> task = loop.create_task(chain(GetParam(), future));
  loop.turn();
  future.cancel("why");
  loop.turn();
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "why");
  EXPECT_EQ(log, frames(GetParam()));
  EXPECT_EQ(loop.failures().cancellations().requested, 0u);
}

TEST_P(Passing, a_cancellation_is_caught_by_the_plain_await_above) {
  std::string seen;
  auto body = [&]() -> Coro<> {
    try {
      co_await chain(GetParam(), sleep(1h));
    } catch (const CancelledError& error) {
      seen = error.what();
    }
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  task.cancel("why");
  loop.turn();
  EXPECT_EQ(seen, "why");
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_success_goes_through_every_frame) {
  EXPECT_EQ(outcome(GetParam(), turns(2)), "none");
  EXPECT_EQ(log.size(), 2u * (GetParam() + 1));
}

TEST_P(Passing, a_failure_that_reaches_the_root_of_its_task) {
  Task<> task = loop.create_task(chain(GetParam(), fails_later()));
  loop.turn(2);
  EXPECT_EQ(describe(task.exception()), "std::runtime_error: boom");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_failure_that_is_caught_above) {
  auto body = [&]() -> Coro<std::string> {
    std::string seen;
    try {
      co_await chain(GetParam(), fails_later());
    } catch (const std::runtime_error& error) {
      seen = error.what();
    }
    co_return seen;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "boom");
  EXPECT_EQ(log, frames(GetParam()));
}

TEST_P(Passing, a_chain_that_is_suspended_when_the_loop_closes) {
  loop.create_task(chain(GetParam(), sleep(1h)));
  loop.turn();
  loop.close();
  loop.take_report();
  EXPECT_EQ(log, frames(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(ThroughDepth, Passing, ::testing::Values(0, 1, 8, 1000));

class PassRules : public LoopTest {};

TEST_F(PassRules, pass_skips_a_try_block_in_its_own_coroutine) {
  bool caught = false;
  auto inner = [&]() -> Coro<> {
    try {
      co_await pass(fails());
    } catch (...) {
      caught = true;
    }
  };
  EXPECT_THROW(loop.run_until_complete(inner()), std::runtime_error);
  EXPECT_FALSE(caught);
}

TEST_F(PassRules, pass_and_plain_awaits_can_be_mixed) {
  std::vector<std::string> log;
  std::function<Coro<>(int)> mixed = [&](int depth) -> Coro<> {
    Trace trace(log, std::to_string(depth));
    if (depth == 0) co_await pass(fails_later());
    if (depth % 2 == 0) {
      co_await pass(mixed(depth - 1));
    } else {
      co_await mixed(depth - 1);
    }
  };
  EXPECT_THROW(loop.run_until_complete(mixed(6)), std::runtime_error);
  EXPECT_EQ(log, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6"}));
}

TEST_F(PassRules, pass_gives_the_value) {
  auto body = []() -> Coro<int> {
    int a = co_await pass(returns(1));
    Task<int> task = create_task(returns(2));
    int b = co_await pass(task);
    int c = co_await pass(task);
    co_return a * 100 + b * 10 + c;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 122);
}

TEST_F(PassRules, a_coroutine_may_pass_several_times) {
  auto body = []() -> Coro<int> {
    int sum = 0;
    for (int i = 0; i < 5; ++i) sum += co_await pass(returns(i));
    co_await pass(fails_later());
    co_return sum;
  };
  EXPECT_THROW(loop.run_until_complete(body()), std::runtime_error);
}

TEST_F(PassRules, temporaries_of_the_skipped_expression_are_destroyed_once) {
  auto waits = [](const Counted&, Coro<> inner) -> Coro<> { co_await pass(std::move(inner)); };
  auto body = [&]() -> Coro<> { co_await pass(waits(Counted(1), fails_later())); };
  EXPECT_THROW(loop.run_until_complete(body()), std::runtime_error);
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(PassRules, a_destructor_that_throws_in_a_skipped_frame_is_reported) {
  auto body = []() -> Coro<> {
    Counted before(1);
    AtExit throwing([] { throw std::logic_error("from a destructor"); });
    Counted after(2);
    co_await pass(fails_later());
  };
  auto outer = [&]() -> Coro<> { co_await pass(body()); };
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(outer()); }), "boom");
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::logic_error: from a destructor");
  EXPECT_EQ(report.record->origin, FailureOrigin::cleanup);
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(PassRules, a_destructor_that_throws_in_a_cancelled_frame_is_reported) {
  auto body = []() -> Coro<> {
    Counted before(1);
    AtExit throwing([] { throw std::logic_error("from a destructor"); });
    Counted after(2);
    co_await pass(sleep(1h));
  };
  auto outer = [&]() -> Coro<> { co_await pass(body()); };
  Task<> task = loop.create_task(outer);
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(loop.take_report().exception, "std::logic_error: from a destructor");
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(PassRules, a_destructor_in_a_cancelled_frame_may_use_the_task_and_the_loop) {
  std::vector<std::string> seen;
  ContextVar<int> variable("variable", 0);
  Task<> later;
  auto nothing = []() -> Coro<> { co_return; };
  auto body = [&]() -> Coro<> {
    variable.set(7);
    AtExit leaving([&] {
      seen.push_back(current_task().name() + " " + std::to_string(variable.get()));
      current_task().cancel("again");
      later = create_task(nothing());
    });
    co_await pass(sleep(1h));
  };
  Task<> task = loop.create_task(body, named("cancelled"));
  loop.turn();
  task.cancel("why");
  loop.turn(2);
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "why");
  EXPECT_EQ(seen, std::vector<std::string>{"cancelled 7"});
  EXPECT_TRUE(later.done());
}

}  // namespace
}  // namespace heed::test

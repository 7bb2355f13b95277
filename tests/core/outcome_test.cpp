// How something ended, without throwing.
#include "heed/core/outcome.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Outcomes : public LoopTest {};

TEST_F(Outcomes, a_value) {
  Outcome<int> outcome(3);
  EXPECT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome);
  EXPECT_FALSE(outcome.failed());
  EXPECT_FALSE(outcome.cancelled());
  EXPECT_EQ(outcome.exception(), nullptr);
  EXPECT_EQ(outcome.value(), 3);
  outcome.value() = 4;
  EXPECT_EQ(std::move(outcome).value(), 4);
}

TEST_F(Outcomes, a_failure) {
  Outcome<int> outcome(std::make_exception_ptr(std::runtime_error("bad")));
  EXPECT_FALSE(outcome);
  EXPECT_TRUE(outcome.failed());
  EXPECT_FALSE(outcome.cancelled());
  EXPECT_EQ(thrown<std::runtime_error>([&] { outcome.value(); }), "bad");
  EXPECT_EQ(thrown<std::runtime_error>([&] { std::move(outcome).value(); }), "bad");
}

TEST_F(Outcomes, a_cancellation_is_no_failure) {
  Outcome<void> outcome(std::make_exception_ptr(CancelledError("stop")));
  EXPECT_FALSE(outcome);
  EXPECT_FALSE(outcome.failed());
  EXPECT_TRUE(outcome.cancelled());
  EXPECT_THROW(outcome.value(), CancelledError);
}

TEST_F(Outcomes, a_cancellation_with_a_reason_is_an_exception_when_it_is_asked_for) {
  CancelReasonRef reason(new CancelReason(CancelSource::request, "stop", std::source_location::current(), 3,
                                          GivenNameRef(new GivenName("boss"))));
  Outcome<int> outcome = Outcome<int>::cancelled_with(reason);
  EXPECT_FALSE(outcome);
  EXPECT_FALSE(outcome.failed());
  EXPECT_TRUE(outcome.cancelled());
  std::exception_ptr exception = outcome.exception();
  EXPECT_EQ(describe(exception), "heed::CancelledError: stop");
  EXPECT_EQ(outcome.exception(), exception);
  try {
    outcome.value();
    FAIL() << "no exception";
  } catch (const CancelledError& error) {
    EXPECT_EQ(error.reason(), reason.get());
  }
}

TEST_F(Outcomes, a_cancellation_whose_reason_is_not_known) {
  Outcome<int> outcome = Outcome<int>::cancelled_with(nullptr);
  EXPECT_TRUE(outcome.cancelled());
  EXPECT_EQ(describe(outcome.exception()), "heed::CancelledError");
}

TEST_F(Outcomes, a_move_only_value_and_a_reference) {
  Outcome<std::unique_ptr<int>> pointer(std::make_unique<int>(1));
  std::unique_ptr<int> taken = std::move(pointer).value();
  EXPECT_EQ(*taken, 1);
  int object = 2;
  Outcome<int&> reference{std::ref(object)};
  EXPECT_EQ(&reference.value(), &object);
}

TEST_F(Outcomes, as_result_never_throws_for_anything_that_is_awaited) {
  Future<> failed = loop.create_future<>();
  failed.set_exception(42);
  auto body = [&]() -> Coro<int> {
    int failures = 0;
    Outcome<void> coroutine = co_await as_result(fails());
    Outcome<void> task = co_await as_result(create_task(fails_later()));
    Outcome<void> future = co_await as_result(failed);
    Outcome<void> slept = co_await as_result(sleep(1s));
    Outcome<void> yielded = co_await as_result(yield_now());
    failures = coroutine.failed() + task.failed() + future.failed();
    EXPECT_TRUE(slept.has_value());
    EXPECT_TRUE(yielded.has_value());
    co_return failures;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 3);
}

TEST_F(Outcomes, as_result_shows_a_cancellation_of_the_awaiting_task) {
  auto sleeping = []() -> Coro<> {
    Outcome<void> outcome = co_await as_result(sleep(1h));
    EXPECT_TRUE(outcome.cancelled());
  };
  auto waiting = []() -> Coro<> {
    Future<> never = running_loop().create_future<>();
    Outcome<void> outcome = co_await as_result(never);
    EXPECT_TRUE(outcome.cancelled());
  };
  auto yielding = []() -> Coro<> {
    Outcome<void> outcome = co_await as_result(yield_now());
    EXPECT_TRUE(outcome.cancelled());
  };
  std::vector<Task<>> tasks;
  tasks.push_back(loop.create_task(sleeping));
  tasks.push_back(loop.create_task(waiting));
  tasks.push_back(loop.create_task(yielding));
  loop.turn();
  for (Task<>& task : tasks) task.cancel();
  loop.turn();
  for (Task<>& task : tasks) {
    EXPECT_TRUE(task.done());
    EXPECT_FALSE(task.cancelled());
  }
}

TEST_F(Outcomes, as_result_gives_the_request_and_not_the_value_that_came_in_the_same_tick) {
  Future<int> future = loop.create_future<int>();
  bool cancelled = false;
  auto body = [&]() -> Coro<> {
    Outcome<int> outcome = co_await as_result(future);
    cancelled = outcome.cancelled();
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  future.set_result(1);
  task.cancel();
  loop.turn();
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(future.result(), 1);
}

TEST_F(Outcomes, as_result_takes_the_value_of_the_last_handle) {
  auto body = []() -> Coro<> {
    Outcome<Counted> outcome = co_await as_result(create_task(returns(Counted(3))));
    EXPECT_EQ(outcome.value().value, 3);
  };
  loop.run_until_complete(body());
  EXPECT_EQ(Counted::live, 0);
}

}  // namespace
}  // namespace heed::test

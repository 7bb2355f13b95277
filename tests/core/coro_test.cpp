// Coroutines: lazy, awaited once, destroyed exactly once.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Coroutines : public LoopTest {
 protected:
  std::vector<std::string> log;

  Coro<int> traced(std::string name, int value) {
    Trace trace(log, "end of " + name);
    log.push_back("begin of " + name);
    co_return value;
  }
};

TEST_F(Coroutines, nothing_runs_before_the_await) {
  auto body = [this]() -> Coro<int> {
    Coro<int> child = traced("child", 1);
    log.push_back("before");
    int value = co_await std::move(child);
    log.push_back("after");
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1);
  EXPECT_EQ(log, (std::vector<std::string>{"before", "begin of child", "end of child", "after"}));
}

TEST_F(Coroutines, an_awaited_coroutine_runs_in_its_awaiters_task_without_a_turn_of_the_loop) {
  std::uint64_t inner_task = 0;
  bool turned = false;
  auto inner = [&]() -> Coro<> {
    inner_task = current_task().id();
    co_return;
  };
  auto body = [&]() -> Coro<> {
    loop.call_soon([&] { turned = true; });
    co_await inner();
    EXPECT_FALSE(turned);
    EXPECT_EQ(inner_task, current_task().id());
  };
  loop.run_until_complete(body());
}

TEST_F(Coroutines, an_exception_is_raised_at_the_await) {
  auto body = []() -> Coro<std::string> {
    std::string seen;
    try {
      co_await fails("inner");
    } catch (const std::runtime_error& error) {
      seen = error.what();
    }
    co_return seen;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "inner");
  EXPECT_EQ(loop.failures().failures().raised, 0u);  // it crossed no boundary
}

TEST_F(Coroutines, awaiting_one_twice_is_an_error_that_names_it) {
  auto body = [this]() -> Coro<std::string> {
    Coro<int> child = traced("child", 1);
    co_await child;
    std::string error;
    try {
      co_await child;
    } catch (const InvalidStateError& caught) {
      error = caught.what();
    }
    co_return error;
  };
  std::string error = loop.run_until_complete(body());
  EXPECT_TRUE(contains(error, "cannot reuse already awaited coroutine")) << error;
  EXPECT_TRUE(contains(error, "traced")) << error;
}

TEST_F(Coroutines, awaiting_one_twice_by_moving_it_is_an_error_too) {
  auto body = [this]() -> Coro<int> {
    Coro<int> child = traced("child", 1);
    co_await std::move(child);
    int errors = 0;
    try {
      co_await std::move(child);
    } catch (const InvalidStateError&) {
      ++errors;
    }
    co_return errors;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1);
}

TEST_F(Coroutines, awaiting_a_failed_one_again_is_an_error_too) {
  auto body = []() -> Coro<bool> {
    Coro<> child = fails();
    Outcome<void> first = co_await as_result(yield_now());
    bool refused = false;
    try {
      co_await child;
    } catch (const std::runtime_error&) {
    }
    try {
      co_await child;
    } catch (const InvalidStateError&) {
      refused = true;
    }
    co_return refused&& first.has_value();
  };
  EXPECT_TRUE(loop.run_until_complete(body()));
}

TEST_F(Coroutines, awaiting_one_that_was_moved_from_is_an_error) {
  auto body = [this]() -> Coro<std::string> {
    Coro<int> child = traced("child", 1);
    Coro<int> other = std::move(child);
    EXPECT_FALSE(child.valid());
    std::string error;
    try {
      co_await child;
    } catch (const InvalidStateError& caught) {
      error = caught.what();
    }
    co_await std::move(other);
    co_return error;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "cannot await a coroutine that was moved from");
}

TEST_F(Coroutines, a_task_of_one_that_was_moved_from_or_awaited_is_an_error) {
  Coro<int> coro = traced("x", 1);
  Coro<int> other = std::move(coro);
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.create_task(std::move(coro)); }),
            "cannot await a coroutine that was moved from");
  auto body = [&]() -> Coro<> {
    co_await std::move(other);
    EXPECT_THROW(create_task(std::move(other)), InvalidStateError);
  };
  loop.run_until_complete(body());
}

TEST_F(Coroutines, as_result_and_pass_of_one_that_was_moved_from_are_errors) {
  auto body = [this]() -> Coro<int> {
    Coro<int> moved = traced("child", 1);
    Coro<int> other = std::move(moved);
    int errors = 0;
    try {
      static_cast<void>(co_await as_result(std::move(moved)));
    } catch (const InvalidStateError&) {
      ++errors;
    }
    try {
      co_await pass(std::move(moved));
    } catch (const InvalidStateError&) {
      ++errors;
    }
    co_await std::move(other);
    co_return errors;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 2);
}

TEST_F(Coroutines, one_that_never_ran_destroys_its_arguments) {
  auto body = [](Counted) -> Coro<> { co_return; };
  {
    Coro<> coro = body(Counted(1));
    EXPECT_EQ(Counted::live, 1);
  }
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(Coroutines, one_that_is_assigned_to_destroys_what_it_held) {
  auto body = [](Counted) -> Coro<> { co_return; };
  Coro<> coro = body(Counted(1));
  coro = body(Counted(2));
  EXPECT_EQ(Counted::live, 1);
  Coro<>& same = coro;
  coro = std::move(same);
  EXPECT_TRUE(coro.valid());
  EXPECT_EQ(Counted::live, 1);
  loop.run_until_complete(std::move(coro));
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(Coroutines, in_debug_mode_one_that_was_never_awaited_is_logged_with_its_name) {
  LogCapture capture;
  loop.set_debug(true);
  loop.call_soon([this] { static_cast<void>(traced("dropped", 1)); });
  loop.turn();
  ASSERT_EQ(capture.messages().size(), 1u);
  EXPECT_TRUE(contains(capture.messages()[0], "traced")) << capture.messages()[0];
  EXPECT_TRUE(contains(capture.messages()[0], "was never awaited, created at")) << capture.messages()[0];
  EXPECT_TRUE(contains(capture.messages()[0], "coro_test.cpp:")) << capture.messages()[0];
}

TEST_F(Coroutines, frames_are_destroyed_innermost_first_when_an_exception_passes) {
  std::function<Coro<>(int)> nested = [&](int depth) -> Coro<> {
    Trace trace(log, "frame " + std::to_string(depth));
    if (depth == 0) throw std::runtime_error("bottom");
    co_await nested(depth - 1);
  };
  EXPECT_THROW(loop.run_until_complete(nested(3)), std::runtime_error);
  EXPECT_EQ(log, (std::vector<std::string>{"frame 0", "frame 1", "frame 2", "frame 3"}));
}

TEST_F(Coroutines, a_member_coroutine_and_a_reference_parameter_work) {
  struct Adder {
    int base;
    Coro<int> add(const int& x) {
      co_await yield_now();
      co_return base + x;
    }
  };
  Adder adder{40};
  int two = 2;
  auto body = [&]() -> Coro<int> {
    int value = co_await adder.add(two);
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 42);
}

// A vector that grows moves the coroutines in it, also one that is being awaited.

}  // namespace
}  // namespace heed::test

// Interrupts that tasks raise on their way out of run(), and while a Runner shuts down.
#include <gtest/gtest.h>

#include "heed/core/sleep.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/async_generator.hpp"
#include "heed/flow/run.hpp"
#include "heed/flow/task_group.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

Coro<> group_with_an_interrupt() {
  auto body = [](TaskGroup& group) -> Coro<> {
    group.create_task(throws(std::make_exception_ptr(KeyboardInterrupt("stop"))));
    co_return;
  };
  co_await task_group(body);
}

TEST(RunInterrupts, one_that_main_raises_again_during_the_shutdown_is_not_told_twice) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(thrown<KeyboardInterrupt>([] { run(group_with_an_interrupt()); }), "stop");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(RunInterrupts, one_that_a_leftover_raises_by_itself_is_told) {
  auto leftover = []() -> Coro<> {
    auto outcome = co_await as_result(sleep(std::chrono::hours(1)));
    throw KeyboardInterrupt("another");
  };
  auto main = [&]() -> Coro<> {
    create_task(leftover);
    co_await yield_now();
    throw KeyboardInterrupt("stop");
  };
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { run(main); }), "stop");
  EXPECT_TRUE(contains(::testing::internal::GetCapturedStderr(), "another"));
}

TEST(RunInterrupts, one_that_main_raises_again_does_not_keep_generators_from_being_closed) {
  std::string seen;
  auto generate = [&]() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
      seen = "closed";
    }
  };
  AsyncGenerator<int> kept = generate();
  auto main = [&]() -> Coro<> {
    co_await kept.next();
    co_await group_with_an_interrupt();
  };
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { run(main); }), "stop");
  EXPECT_EQ(seen, "closed");
}

// --- during the shutdown ---------------------------------------------------------------------------------------------

// Runs `main`, which leaves tasks behind, and closes the runner. What that wrote to stderr.
std::string last_words_of(auto main) {
  VirtualTime time;
  Runner runner(RunOptions().handle_interrupts(false).loop_factory([&] { return std::make_unique<TestLoop>(time); }));
  runner.run(main());
  ::testing::internal::CaptureStderr();
  EXPECT_THROW(runner.close(), SystemExit);
  return ::testing::internal::GetCapturedStderr();
}

Coro<> exits_when_cancelled(int code) {
  [[maybe_unused]] Outcome<void> slept = co_await as_result(sleep(1h));
  throw SystemExit(code);
}

Coro<> leaves_one_and_who_awaits_it() {
  Task<> first = create_task(exits_when_cancelled(3));
  create_task([first]() -> Coro<> {
    [[maybe_unused]] Outcome<void> slept = co_await as_result(sleep(1h));
    co_await first;
  });
  co_await yield_now();
}

Coro<> leaves_two() {
  Task<> first = create_task(exits_when_cancelled(3));
  Task<> second = create_task(exits_when_cancelled(4));
  co_await yield_now();
}

TEST(ShutdownInterrupts, one_that_comes_out_of_the_next_task_again_is_no_second_one) {
  EXPECT_EQ(last_words_of(&leaves_one_and_who_awaits_it), "");
}

TEST(ShutdownInterrupts, a_second_one_is_told) {
  std::string words = last_words_of(&leaves_two);
  EXPECT_NE(words.find("another interrupt during shutdown"), std::string::npos) << words;
  EXPECT_NE(words.find(": 4"), std::string::npos) << words;
}

}  // namespace
}  // namespace heed::test

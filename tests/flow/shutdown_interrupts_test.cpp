// Interrupts that tasks raise while a Runner shuts down.
#include <gtest/gtest.h>

#include "heed/core/sleep.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/run.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

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

// An interrupt that is raised again on its way out of run().
#include <gtest/gtest.h>

#include "heed/failure/exceptions.hpp"
#include "heed/flow/async_generator.hpp"
#include "heed/flow/run.hpp"
#include "heed/flow/task_group.hpp"
#include "support/coroutines.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

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

}  // namespace
}  // namespace heed::test

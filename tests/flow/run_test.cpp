// run() and Runner: what scenarios do not show.
#include "heed/flow/run.hpp"

#include <gtest/gtest.h>

#include "heed/core/sleep.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Runners : public ::testing::Test {
 protected:
  // The loop of these options is in virtual time and keeps its reports here; it lives as long as the runner.
  RunOptions options() {
    return RunOptions().handle_interrupts(false).loop_factory([this] {
      auto made = std::make_unique<TestLoop>(time);
      made->set_exception_handler([this](EventLoop&, const ErrorContext& context) {
        messages.push_back(context.message + (context.task ? " [" + context.task.name() + "]" : ""));
      });
      return made;
    });
  }
  static Coro<> refuses() {
    for (;;) [[maybe_unused]] Outcome<void> slept = co_await as_result(sleep(1h));
  }
  static Coro<int> value() { co_return 7; }

  VirtualTime time;
  std::vector<std::string> messages;
};

TEST_F(Runners, a_task_that_refuses_to_end_is_reported_after_the_deadline_and_destroyed) {
  TimePoint start = time.now();
  Runner runner(options().shutdown_timeout(3s));
  runner.run([]() -> Coro<> {
    create_task(refuses(), named("stubborn"));
    co_await yield_now();
  });
  runner.close();
  EXPECT_EQ(time.now() - start, 3s);
  EXPECT_EQ(messages, std::vector<std::string>{
                          "Task did not end within 3 s of its cancellation by heed::run() shutdown [stubborn]"});
}

TEST_F(Runners, a_task_that_fails_while_it_is_cancelled_is_reported_once) {
  Runner runner(options());
  runner.run([]() -> Coro<> {
    create_task(
        []() -> Coro<> {
          [[maybe_unused]] Outcome<void> slept = co_await as_result(sleep(1h));
          throw std::runtime_error("at the end");
        },
        named("left"));
    co_await yield_now();
  });
  runner.close();
  EXPECT_EQ(messages, std::vector<std::string>{"unhandled exception during heed::run() shutdown [left]"});
}

TEST_F(Runners, the_result_and_the_exception_of_main_come_out) {
  Runner runner(options());
  EXPECT_EQ(runner.run(value()), 7);
  EXPECT_EQ(describe(caught([&] { runner.run(fails("main")); })), "std::runtime_error: main");
  EXPECT_EQ(runner.run(value()), 7);
}

TEST_F(Runners, a_closed_one_refuses) {
  Runner runner(options());
  runner.close();
  runner.close();
  EXPECT_EQ(describe(caught([&] { runner.run(value()); })), "std::runtime_error: Runner is closed");
  EXPECT_EQ(describe(caught([&] { runner.get_loop(); })), "std::runtime_error: Runner is closed");
}

TEST_F(Runners, run_inside_of_a_running_loop_is_refused) {
  Runner runner(options());
  std::string inside = runner.run([]() -> Coro<std::string> { co_return describe(caught([] { run(value()); })); });
  EXPECT_EQ(inside, "std::runtime_error: heed::run() cannot be called from a running event loop");
}

TEST_F(Runners, a_loop_factory_that_returns_null_or_throws_is_told) {
  Runner null(RunOptions().loop_factory([] { return std::unique_ptr<EventLoop>(); }));
  EXPECT_EQ(describe(caught([&] { null.run(value()); })),
            "std::invalid_argument: Runner: the loop factory returned null");
  Runner throwing(
      RunOptions().loop_factory([]() -> std::unique_ptr<EventLoop> { throw std::runtime_error("no loop"); }));
  EXPECT_EQ(describe(caught([&] { throwing.run(value()); })), "std::runtime_error: no loop");
}

TEST_F(Runners, a_null_main_is_refused) {
  Coro<> (*none)() = nullptr;
  EXPECT_THROW(run(none), std::invalid_argument);
}

}  // namespace
}  // namespace heed::test

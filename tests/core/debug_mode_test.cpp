// What debug mode adds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <thread>

#include "support/coroutines.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class DebugMode : public LoopTest {
 protected:
  DebugMode() { loop.set_debug(true); }
  LogCapture log;
};

TEST_F(DebugMode, it_can_be_asked_for_and_turned_off) {
  EXPECT_TRUE(loop.get_debug());
  loop.set_debug(false);
  EXPECT_FALSE(loop.get_debug());
}

TEST_F(DebugMode, the_environment_turns_it_on) {
  ::setenv("HEED_DEBUG", "1", 1);
  EXPECT_TRUE(EventLoop(time.make_poller(), time).get_debug());
  ::setenv("HEED_DEBUG", "0", 1);
  EXPECT_FALSE(EventLoop(time.make_poller(), time).get_debug());
  ::unsetenv("HEED_DEBUG");
}

TEST_F(DebugMode, a_slow_callback_is_logged_with_its_place_and_duration) {
  loop.call_soon([this] { time.advance(250ms); });
  loop.turn();
  ASSERT_EQ(log.messages().size(), 1u);
  std::string message = log.messages()[0];
  EXPECT_EQ(log.entries()[0].level, LogLevel::warning);
  EXPECT_EQ(message.substr(0, 10), "Executing ");
  EXPECT_TRUE(contains(message, "debug_mode_test.cpp:")) << message;
  EXPECT_TRUE(contains(message, " took 0.250 seconds")) << message;
}

TEST_F(DebugMode, a_slow_step_of_a_task_is_logged_with_its_name) {
  auto body = [this]() -> Coro<> {
    time.advance(100ms);
    co_return;
  };
  loop.create_task(body, named("lazy"));
  loop.turn();
  EXPECT_EQ(log.messages(), std::vector<std::string>{"Executing Task 'lazy' took 0.100 seconds"});
}

TEST_F(DebugMode, the_log_of_a_slow_step_is_not_written_by_the_task) {
  auto body = [this]() -> Coro<> {
    time.advance(100ms);
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(body);
  AnyTask seen = task;
  set_log_sink([&](const LogRecord&) { seen = current_task(); });
  loop.turn();
  set_log_sink({});
  EXPECT_FALSE(seen.valid());
  loop.run_for(2s);
}

TEST_F(DebugMode, what_counts_as_slow_can_be_changed) {
  loop.set_slow_callback_duration(1s);
  EXPECT_EQ(loop.get_slow_callback_duration(), 1s);
  loop.call_soon([this] { time.advance(999ms); });
  loop.turn();
  EXPECT_TRUE(log.messages().empty());
}

TEST_F(DebugMode, a_slow_callback_that_throws_is_logged_and_reported) {
  loop.call_soon([this] {
    time.advance(1s);
    throw 1;
  });
  loop.turn();
  EXPECT_EQ(log.messages().size(), 1u);
  loop.take_report();
}

TEST_F(DebugMode, reports_carry_the_place_of_creation) {
  loop.call_soon([] { throw 1; });
  loop.turn();
  loop.create_task(fails());
  loop.turn();
  loop.create_future<>().set_exception(1);
  for (const SeenReport& report : loop.take_reports(3))
    EXPECT_TRUE(std::count(report.keys.begin(), report.keys.end(), "source_traceback")) << report.message;
}

TEST_F(DebugMode, the_place_of_creation_is_that_of_the_user) {
  std::optional<std::source_location> where;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) { where = context.source_traceback; });
  unsigned line = __LINE__ + 1;
  loop.create_task(fails());
  loop.turn();
  ASSERT_TRUE(where);
  EXPECT_EQ(where->line(), line);
}

TEST_F(DebugMode, use_from_a_wrong_thread_is_an_error) {
  std::vector<std::string> errors;
  // While the loop runs here, another thread tries everything.
  loop.call_soon([&] {
    std::thread([&] {
      auto nothing = [] {};
      errors.push_back(thrown<std::runtime_error>([&] { loop.call_soon(nothing); }));
      errors.push_back(thrown<std::runtime_error>([&] { loop.call_later(1s, nothing); }));
      errors.push_back(thrown<std::runtime_error>([&] { loop.call_at(TimePoint(), nothing); }));
      errors.push_back(thrown<std::runtime_error>([&] { loop.create_task(returns(1)); }));
      errors.push_back(thrown<std::runtime_error>([&] { loop.add_reader(0, nothing); }));
    }).join();
  });
  loop.turn();
  ASSERT_EQ(errors.size(), 5u);
  for (const std::string& error : errors)
    EXPECT_EQ(error, "Non-thread-safe operation invoked on an event loop other than the current one");
}

TEST_F(DebugMode, interrupts_leave_the_loop_there_too) {
  loop.call_soon([] { throw KeyboardInterrupt("debug"); });
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "debug");
}

TEST_F(DebugMode, a_negative_delay_is_logged) {
  loop.call_later(-1s, [] {});
  loop.turn(2);
  ASSERT_EQ(log.messages().size(), 1u);
  EXPECT_TRUE(contains(log.messages()[0], "negative delay"));
}

}  // namespace
}  // namespace heed::test

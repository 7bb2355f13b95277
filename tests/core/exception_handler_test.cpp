// Exception handlers: who is told, in which context, and what becomes of a handler that fails.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

struct OwnType {};

// A loop whose default handler fails, too.
class BrokenLoop : public EventLoop {
 public:
  explicit BrokenLoop(VirtualTime& time) : EventLoop(time.make_poller(), time) {}
  void default_exception_handler(const ErrorContext& context) override {
    seen.push_back(context.message);
    throw std::logic_error("default broken");
  }
  std::vector<std::string> seen;
};

class ExceptionHandlers : public LoopTest {
 protected:
  const FailureCounts& counts() const { return loop.failures().failures(); }
  void fail_once() {
    loop.call_soon([] { throw std::runtime_error("original"); });
    loop.turn();
  }
  static void one_turn(EventLoop& which) {
    which.stop();
    which.run_forever();
  }
};

TEST_F(ExceptionHandlers, a_custom_handler_gets_the_loop_and_the_context) {
  const EventLoop* at = nullptr;
  std::string message;
  loop.set_exception_handler([&](EventLoop& where, const ErrorContext& context) {
    at = &where;
    message = context.message;
  });
  ErrorContext context;
  context.message = "told directly";
  loop.call_exception_handler(context);
  EXPECT_EQ(at, &loop);
  EXPECT_EQ(message, "told directly");
}

TEST_F(ExceptionHandlers, without_a_handler_the_report_is_logged_as_an_error) {
  LogCapture log;
  loop.set_exception_handler(nullptr);
  EXPECT_FALSE(loop.get_exception_handler());
  fail_once();
  ASSERT_EQ(log.entries().size(), 1u);
  EXPECT_EQ(log.entries()[0].level, LogLevel::error);
  EXPECT_TRUE(contains(log.entries()[0].message, "Exception in callback "));
  EXPECT_TRUE(contains(log.entries()[0].text, "std::runtime_error: original"));
  EXPECT_EQ(describe(log.entries()[0].exception), "std::runtime_error: original");
}

TEST_F(ExceptionHandlers, a_context_without_a_message_gets_a_general_one) {
  LogCapture log;
  loop.set_exception_handler(nullptr);
  loop.call_exception_handler(ErrorContext());
  EXPECT_EQ(log.messages(), std::vector<std::string>{"Unhandled exception in event loop"});
}

TEST_F(ExceptionHandlers, a_handler_that_throws_is_told_to_the_default_handler_with_the_original) {
  LogCapture log;
  loop.set_exception_handler([](EventLoop&, const ErrorContext&) { throw std::logic_error("handler broken"); });
  fail_once();
  ASSERT_EQ(log.entries().size(), 1u);
  EXPECT_EQ(log.entries()[0].message, "Unhandled error in exception handler");
  EXPECT_TRUE(contains(log.entries()[0].text, "handler broken"));
  EXPECT_TRUE(contains(log.entries()[0].text, "std::runtime_error: original"));
}

TEST_F(ExceptionHandlers, a_handler_that_throws_makes_a_new_failure_and_both_are_reported) {
  LogCapture log;
  loop.set_exception_handler([](EventLoop&, const ErrorContext&) { throw std::logic_error("handler broken"); });
  fail_once();
  EXPECT_EQ(counts().raised, 2u);
  EXPECT_EQ(counts().reported, 2u);
}

TEST_F(ExceptionHandlers, whatever_a_handler_throws_stays_inside) {
  LogCapture log;
  std::vector<std::exception_ptr> what;
  what.push_back(std::make_exception_ptr(42));
  what.push_back(std::make_exception_ptr(OwnType()));
  what.push_back(std::make_exception_ptr(CancelledError("handler")));
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { std::rethrow_exception(what.back()); });
  for (; !what.empty(); what.pop_back()) fail_once();
  ASSERT_EQ(log.messages().size(), 3u);
  for (const std::string& message : log.messages()) EXPECT_EQ(message, "Unhandled error in exception handler");
}

TEST_F(ExceptionHandlers, a_default_handler_that_throws_is_logged) {
  LogCapture log;
  BrokenLoop broken(time);
  broken.call_soon([] { throw 1; });
  one_turn(broken);
  EXPECT_EQ(log.messages(), std::vector<std::string>{"Exception in default exception handler"});
  EXPECT_EQ(describe(log.entries()[0].exception), "std::logic_error: default broken");
  EXPECT_TRUE(broken.failures().balanced());
}

TEST_F(ExceptionHandlers, when_both_handlers_throw_that_is_logged) {
  LogCapture log;
  BrokenLoop broken(time);
  broken.set_exception_handler([](EventLoop&, const ErrorContext&) { throw std::logic_error("custom broken"); });
  broken.call_soon([] { throw 1; });
  one_turn(broken);
  EXPECT_EQ(broken.seen, std::vector<std::string>{"Unhandled error in exception handler"});
  EXPECT_EQ(log.messages(), std::vector<std::string>{"Exception in default exception handler while handling an "
                                                     "unexpected error in custom exception handler"});
  EXPECT_EQ(broken.failures().failures().raised, 3u);
  EXPECT_TRUE(broken.failures().balanced());
  EXPECT_EQ(broken.failures().failures().live, 0u);
}

TEST_F(ExceptionHandlers, a_log_sink_that_throws_does_not_stop_anything) {
  set_log_sink([](const LogRecord&) { throw std::runtime_error("sink broken"); });
  loop.set_exception_handler(nullptr);
  ::testing::internal::CaptureStderr();
  fail_once();
  std::string text = ::testing::internal::GetCapturedStderr();
  set_log_sink(nullptr);
  EXPECT_TRUE(contains(text, "sink broken")) << text;
  EXPECT_TRUE(contains(text, "original")) << text;
}

TEST_F(ExceptionHandlers, a_handler_may_replace_itself) {
  int first = 0, second = 0;
  loop.set_exception_handler([&](EventLoop& at, const ErrorContext&) {
    ++first;
    at.set_exception_handler([&](EventLoop&, const ErrorContext&) { ++second; });
    ++first;  // its captures are still alive
  });
  fail_once();
  fail_once();
  EXPECT_EQ(first, 2);
  EXPECT_EQ(second, 1);
}

TEST_F(ExceptionHandlers, a_handler_may_stop_the_loop) {
  bool ran = false;
  loop.set_exception_handler([](EventLoop& at, const ErrorContext&) { at.stop(); });
  loop.call_soon([] { throw 1; });
  loop.call_soon([&] { ran = true; });
  loop.run_forever();
  EXPECT_TRUE(ran);  // the iteration was finished
}

TEST_F(ExceptionHandlers, a_handler_runs_in_the_context_of_the_task_that_failed) {
  ContextVar<std::string> user("user", "nobody");
  std::string seen;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { seen = user.get(); });
  auto body = [&]() -> Coro<> {
    user.set("alice");
    throw std::runtime_error("x");
    co_return;
  };
  loop.create_task(body);
  loop.turn();
  EXPECT_EQ(seen, "alice");
}

TEST_F(ExceptionHandlers, a_handler_runs_in_the_context_of_the_callback_that_failed) {
  ContextVar<std::string> user("user", "nobody");
  std::string seen;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { seen = user.get(); });
  Context context;
  context.run([&] { user.set("bob"); });
  loop.call_soon([] { throw 1; }, context);
  loop.turn();
  EXPECT_EQ(seen, "bob");
}

TEST_F(ExceptionHandlers, a_handler_that_creates_failing_tasks_ends_in_a_finite_line_of_reports) {
  int reports = 0;
  loop.set_exception_handler([&](EventLoop& at, const ErrorContext&) {
    if (++reports < 5) at.create_task(fails());
  });
  loop.create_task(fails());
  loop.turn(10);
  EXPECT_EQ(reports, 5);
}

TEST_F(ExceptionHandlers, a_handler_that_reads_the_exception_through_the_future_does_not_count_it_twice) {
  loop.set_exception_handler([](EventLoop&, const ErrorContext& context) { EXPECT_TRUE(context.future.exception()); });
  loop.create_task(fails());
  loop.turn();
  EXPECT_EQ(counts().raised, 1u);
  EXPECT_EQ(counts().retrieved + counts().reported, 1u);
}

TEST_F(ExceptionHandlers, the_handler_sees_the_whole_record) {
  loop.create_task(fails("recorded"), named("failing"));
  loop.turn();
  SeenReport report = loop.take_report();
  ASSERT_TRUE(report.record);
  EXPECT_EQ(report.record->id, 1u);
  EXPECT_EQ(report.record->task_name, "failing");
  EXPECT_EQ(report.record->message(), "recorded");
  EXPECT_EQ(report.record->type_name(), "std::runtime_error");
  EXPECT_EQ(report.record->origin, FailureOrigin::task);
  EXPECT_EQ(report.record->time, time.now().time_since_epoch());
}

}  // namespace
}  // namespace heed::test

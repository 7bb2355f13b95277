// Where the library writes.
#include "heed/failure/log.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "heed/failure/exceptions.hpp"
#include "support/log_capture.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

// What `function` writes to stderr.
template <class F>
std::string written(F&& function) {
  ::testing::internal::CaptureStderr();
  function();
  return ::testing::internal::GetCapturedStderr();
}

LogRecord warning(std::string_view message) { return LogRecord{LogLevel::warning, message, nullptr}; }

TEST(Log, a_sink_gets_the_record) {
  LogCapture capture;
  EXPECT_TRUE(has_log_sink());
  log(LogRecord{LogLevel::error, "message", std::make_exception_ptr(1), "text"});
  ASSERT_EQ(capture.entries().size(), 1u);
  EXPECT_EQ(capture.entries()[0].level, LogLevel::error);
  EXPECT_EQ(capture.entries()[0].message, "message");
  EXPECT_EQ(capture.entries()[0].text, "text");
  EXPECT_TRUE(capture.entries()[0].exception);
}

TEST(Log, without_a_sink_it_goes_to_stderr) {
  EXPECT_FALSE(has_log_sink());
  EXPECT_EQ(written([] { log(warning("careful")); }), "heed: careful\n");
  EXPECT_EQ(written([] {
              log(LogRecord{LogLevel::error, "short", nullptr, "the whole\nreport\n"});
            }),
            "the whole\nreport\n");
}

TEST(Log, an_empty_sink_goes_back_to_stderr) {
  set_log_sink([](const LogRecord&) { FAIL(); });
  set_log_sink(nullptr);
  EXPECT_FALSE(has_log_sink());
  EXPECT_EQ(written([] { log(warning("back")); }), "heed: back\n");
}

TEST(Log, a_sink_that_throws_is_told_to_the_last_resort_with_the_record) {
  for (std::exception_ptr what : {std::make_exception_ptr(std::runtime_error("sink broken")),
                                  std::make_exception_ptr(CancelledError("sink broken"))}) {
    set_log_sink([what](const LogRecord&) { std::rethrow_exception(what); });
    std::string text = written([] { log(warning("not lost")); });
    set_log_sink(nullptr);
    EXPECT_TRUE(contains(text, "sink broken")) << text;
    EXPECT_TRUE(contains(text, "not lost")) << text;
  }
}

TEST(Log, a_sink_may_log_and_may_replace_itself) {
  std::vector<std::string> seen;
  set_log_sink([&](const LogRecord& record) {
    seen.emplace_back(record.message);
    if (seen.size() == 1) {
      log(warning("inner"));
      set_log_sink(nullptr);
      seen.emplace_back("its captures are alive");
    }
  });
  log(warning("outer"));
  EXPECT_EQ(seen, (std::vector<std::string>{"outer", "inner", "its captures are alive"}));
}

TEST(Log, many_threads_may_log_at_once) {
  LogCapture capture;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int j = 0; j < 250; ++j) log(warning("x"));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(capture.entries().size(), 1000u);
}

TEST(Log, the_sink_may_be_replaced_while_others_log) {
  std::thread logging([] {
    LogRecord record = warning("x");
    for (int j = 0; j < 1000; ++j)
      if (has_log_sink()) log(record);
  });
  for (int i = 0; i < 1000; ++i) set_log_sink([i](const LogRecord&) { EXPECT_GE(i, 0); });
  logging.join();
  set_log_sink(nullptr);
}

TEST(Log, the_last_resort_shows_type_and_message_without_help) {
  std::string text = written([] { last_resort("it failed", std::make_exception_ptr(std::runtime_error("why"))); });
  EXPECT_TRUE(contains(text, "it failed")) << text;
  EXPECT_TRUE(contains(text, "runtime_error")) << text;
  EXPECT_TRUE(contains(text, "why")) << text;
}

TEST(Log, the_last_resort_shows_whatever_it_is_given) {
  struct Own {};
  EXPECT_TRUE(contains(written([] { last_resort("x", std::make_exception_ptr(Own())); }), "Own"));
  EXPECT_TRUE(contains(written([] { last_resort("x", std::make_exception_ptr(SystemExit(4))); }), "4"));
  EXPECT_TRUE(contains(written([] { last_resort("nothing", nullptr); }), "nothing"));
}

}  // namespace
}  // namespace heed::test

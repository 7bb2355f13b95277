// A loop that remembers its reports, on virtual time or on the real one, and the check of the books that ends every test.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "heed/core/coro.hpp"
#include "heed/core/error_context.hpp"
#include "heed/core/event_loop.hpp"
#include "support/virtual_time.hpp"

namespace heed::test {

// A copy of what an exception handler was told; the context itself is valid during the call only.
struct SeenReport {
  explicit SeenReport(const ErrorContext& context);

  std::string message;
  std::string exception;  // describe(): "std::runtime_error: boom", "none" without one
  std::exception_ptr error;
  std::string task;    // the name of the task that the report is about, empty when it is none
  std::string handle;  // the description of the callback, empty when it is none
  std::vector<std::string> keys;
  std::optional<FailureRecord> record;
};

class TestLoop : public EventLoop {
 public:
  explicit TestLoop(VirtualTime& time);
  // With real descriptors, which virtual time does not know, and on the real clock.
  TestLoop();

  // The reports that the test has not taken yet; a test that leaves one fails.
  std::vector<SeenReport> reports;
  // Exactly one is there: it is taken and returned.
  SeenReport take_report();
  // That many are there.
  std::vector<SeenReport> take_reports(std::size_t count);

  // Exactly one iteration, or that many.
  void turn(int iterations = 1);
  // Until that much time has passed.
  void run_for(Duration duration);

 private:
  void remember_reports();
};

// The law of failures, as far as it can be read from the books: everything adds up now, and when the loop is closed,
// which this does, nothing is open and nobody was told anything that the test did not expect.
void close_and_check(TestLoop& loop);

class LoopTest : public ::testing::Test {
 protected:
  void TearDown() override { close_and_check(loop); }

  VirtualTime time;
  TestLoop loop{time};
};

// For what needs real descriptors. Each test makes ready what it waits for.
class RealLoopTest : public ::testing::Test {
 protected:
  void TearDown() override { close_and_check(loop); }

  TestLoop loop;
};

}  // namespace heed::test

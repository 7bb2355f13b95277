// Who cancelled a task, from where, and why.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class CancelReasons : public LoopTest {
 protected:
  // The reason that `task`, which is cancelled, ended with.
  static CancelReasonRef reason_of(const AnyFuture& task) {
    try {
      task.exception();
    } catch (const CancelledError& error) {
      return error.shared_reason();
    }
    ADD_FAILURE() << "not cancelled";
    return {};
  }
};

TEST_F(CancelReasons, a_reason_tells_the_text_and_the_place_of_the_request) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  unsigned line = __LINE__ + 1;
  task.cancel("enough");
  loop.turn();
  CancelReasonRef reason = reason_of(task);
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->source, CancelSource::request);
  EXPECT_EQ(reason->text, "enough");
  EXPECT_EQ(reason->where.line(), line);
  EXPECT_TRUE(contains(reason->where.file_name(), "cancel_reason_test.cpp"));
}

TEST_F(CancelReasons, a_reason_tells_the_task_that_asked) {
  Task<> victim = loop.create_task(sleeps(1s));
  auto canceller = [&]() -> Coro<> {
    co_await yield_now();
    victim.cancel();
  };
  Task<> task = loop.create_task(canceller, named("killer"));
  loop.turn(3);
  CancelReasonRef reason = reason_of(victim);
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->by_name(), "killer");
  EXPECT_EQ(reason->by_task, task.id());
}

TEST_F(CancelReasons, a_request_from_outside_of_any_task_names_none) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_EQ(reason_of(task)->by_task, 0u);
  EXPECT_EQ(reason_of(task)->by_name(), "");
}

TEST_F(CancelReasons, the_reason_is_described_in_one_line) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  task.cancel("stop");
  loop.turn();
  std::string line = reason_of(task)->describe();
  EXPECT_EQ(line.substr(0, 18), "request 'stop' at ");
  EXPECT_TRUE(contains(line, "cancel_reason_test.cpp:"));
}

TEST_F(CancelReasons, a_forwarded_request_keeps_its_reason) {
  Task<> inner = loop.create_task(sleeps(1s));
  Task<> outer = loop.create_task(waits_for<void>(inner));
  loop.turn();
  outer.cancel("outer's");
  loop.turn(2);
  EXPECT_EQ(reason_of(inner)->text, "outer's");
  EXPECT_EQ(reason_of(inner).get(), reason_of(outer).get());
}

TEST_F(CancelReasons, the_reason_reaches_the_task_before_its_first_step) {
  Task<> task = loop.create_task(sleeps(1s));
  task.cancel("early");
  loop.turn();
  EXPECT_EQ(reason_of(task)->text, "early");
}

TEST_F(CancelReasons, the_last_of_several_requests_gives_the_reason) {
  Task<> task = loop.create_task(turns(5));
  loop.turn();
  task.cancel("first");
  task.cancel("second");
  loop.turn();
  EXPECT_EQ(reason_of(task)->text, "second");
}

TEST_F(CancelReasons, a_plain_future_remembers_why_it_was_cancelled) {
  Future<> future = loop.create_future<>();
  future.cancel("no longer needed");
  EXPECT_EQ(reason_of(future)->text, "no longer needed");
}

TEST_F(CancelReasons, an_error_thrown_by_hand_has_no_reason_but_keeps_its_message) {
  Task<> task = loop.create_task(throws(std::make_exception_ptr(CancelledError("mine"))));
  loop.turn();
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "mine");
}

TEST_F(CancelReasons, a_task_that_the_loop_closed_under_says_so) {
  Task<> task = loop.create_task(waits_for_ever());
  loop.turn();
  loop.close();
  loop.take_report();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(reason_of(task)->source, CancelSource::loop_closed);
}

}  // namespace
}  // namespace heed::test

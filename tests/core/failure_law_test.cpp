// The law of failures (docs/failures.md): birth, one end, conservation, and what happens when nobody is coming.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class FailureLaw : public LoopTest {
 protected:
  const FailureCounts& counts() const { return loop.failures().failures(); }
  const FailureRecord& newest() const { return *loop.failures().recent().back(); }
  Task<> failed_task(std::string text = "boom") {
    Task<> task = loop.create_task(fails(std::move(text)), named("failing"));
    loop.turn();
    return task;
  }
};

// --- A2: one end ---------------------------------------------------------------------------------------------------

TEST_F(FailureLaw, a_failure_is_live_until_somebody_reads_it) {
  Task<> task = failed_task();
  EXPECT_EQ(counts().raised, 1u);
  EXPECT_EQ(counts().live, 1u);
  EXPECT_TRUE(task.exception());
  EXPECT_EQ(counts().live, 0u);
  EXPECT_EQ(counts().retrieved, 1u);
}

TEST_F(FailureLaw, an_awaited_failure_is_retrieved) {
  auto body = []() -> Coro<> {
    Task<> task = create_task(fails());
    try {
      co_await task;
    } catch (const std::runtime_error&) {
    }
  };
  loop.run_until_complete(body());
  EXPECT_EQ(counts().retrieved, 1u);
  EXPECT_EQ(newest().disposition, Disposition::retrieved);
}

TEST_F(FailureLaw, result_retrieves_the_failure_that_it_throws) {
  Task<> task = failed_task();
  EXPECT_EQ(thrown<std::runtime_error>([&] { task.result(); }), "boom");
  EXPECT_EQ(counts().retrieved, 1u);
}

TEST_F(FailureLaw, as_result_retrieves_the_failure) {
  auto body = []() -> Coro<> {
    Outcome<void> outcome = co_await as_result(create_task(fails()));
    EXPECT_TRUE(outcome.failed());
  };
  loop.run_until_complete(body());
  EXPECT_EQ(counts().retrieved, 1u);
}

TEST_F(FailureLaw, run_until_complete_retrieves_what_it_throws) {
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(fails()); }), "boom");
  EXPECT_EQ(counts().retrieved, 1u);
}

TEST_F(FailureLaw, a_done_callback_that_reads_the_exception_retrieves_it) {
  std::string seen;
  loop.create_task(fails()).add_done_callback([&](const Task<>& task) { seen = describe(task.exception()); });
  loop.turn(2);
  EXPECT_EQ(seen, "std::runtime_error: boom");
  EXPECT_EQ(counts().retrieved, 1u);
}

TEST_F(FailureLaw, a_failure_is_retrieved_once_however_often_it_is_read) {
  Task<> task = failed_task();
  Task<> first = loop.create_task(waits_for<void>(task));
  Task<> second = loop.create_task(waits_for<void>(task));
  loop.turn();
  EXPECT_TRUE(task.exception());
  EXPECT_THROW(task.result(), std::runtime_error);
  EXPECT_EQ(loop.failures().recent().front()->disposition, Disposition::retrieved);
  EXPECT_EQ(counts().retrieved, 1u);  // of the first; both waiters failed with it again
  EXPECT_EQ(counts().raised, 3u);
  EXPECT_EQ(first.exception(), task.exception());
  EXPECT_EQ(second.exception(), task.exception());
  EXPECT_EQ(counts().retrieved, 3u);
}

TEST_F(FailureLaw, looking_at_the_state_does_not_retrieve_the_failure) {
  {
    Task<> task = failed_task();
    task.add_done_callback([] {});
    EXPECT_TRUE(task.done());
    EXPECT_FALSE(task.cancelled());
    EXPECT_EQ(task.name(), "failing");
    loop.turn();
    EXPECT_EQ(counts().live, 1u);
  }
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
}

TEST_F(FailureLaw, cancelling_a_failed_task_does_not_silence_it) {
  {
    Task<> task = failed_task();
    EXPECT_FALSE(task.cancel());
  }
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
}

TEST_F(FailureLaw, a_cancelled_task_or_future_is_no_failure) {
  Task<> task = loop.create_task(sleeps(1s));
  Future<> future = loop.create_future<>();
  loop.turn();
  task.cancel();
  future.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(counts().raised, 0u);
}

TEST_F(FailureLaw, a_failure_that_escapes_again_is_a_new_one_caused_by_the_first) {
  Task<> inner = failed_task();
  loop.create_task(waits_for<void>(inner), named("outer"));
  loop.turn();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.task, "outer");
  EXPECT_EQ(report.record->id, 2u);
  EXPECT_EQ(report.record->cause_id, 1u);
  EXPECT_EQ(loop.failures().recent().front()->disposition, Disposition::retrieved);
}

TEST_F(FailureLaw, a_failure_that_result_threw_is_the_cause_when_it_escapes_again) {
  Task<> inner = failed_task();
  auto body = [inner]() -> Coro<> {
    inner.result();
    co_return;
  };
  loop.create_task(body);
  loop.turn();
  EXPECT_EQ(loop.take_report().record->cause_id, 1u);
}

TEST_F(FailureLaw, a_failure_taken_as_a_result_is_the_cause_when_it_is_thrown_again) {
  Task<> inner = failed_task();
  auto body = [inner]() -> Coro<> {
    Outcome<void> outcome = co_await as_result(inner);
    outcome.value();
  };
  loop.create_task(body);
  loop.turn();
  EXPECT_EQ(loop.take_report().record->cause_id, 1u);
}

TEST_F(FailureLaw, what_an_exception_handler_keeps_of_a_report_has_not_been_through_the_task_that_ended) {
  Task<> inner = failed_task();
  Future<int> kept = loop.create_future<int>();
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) { kept.set_exception(context.exception); });
  loop.create_task(waits_for<void>(inner));
  loop.turn();
  const FailureRecord* record = kept.state().failure();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->cause_id, 0u);
  EXPECT_TRUE(record->await_chain.sites.empty());
  EXPECT_NE(kept.exception(), nullptr);
}

TEST_F(FailureLaw, a_delivered_failure_that_was_translated_is_a_new_one_of_its_own) {
  Task<> inner = failed_task();
  auto body = [inner]() -> Coro<> {
    try {
      co_await inner;
    } catch (const std::exception&) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  };
  loop.create_task(body);
  loop.turn();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception.substr(report.exception.size() - 5), "outer");
  std::vector<std::string> tree = report.record->tree();
  EXPECT_EQ(tree.size(), 2u);
  EXPECT_TRUE(contains(tree.back(), "caused by std::runtime_error: boom"));
}

// --- A3: conservation ----------------------------------------------------------------------------------------------

TEST_F(FailureLaw, the_books_balance_with_every_kind_of_end_in_them) {
  Task<> read = failed_task();
  Task<> held = failed_task();
  failed_task();
  EXPECT_TRUE(read.exception());
  EXPECT_EQ(counts().raised, 3u);
  EXPECT_EQ(counts().retrieved, 1u);
  EXPECT_EQ(counts().reported, 1u);
  EXPECT_EQ(counts().live, 1u);
  EXPECT_TRUE(counts().balanced());
  loop.take_report();
  EXPECT_TRUE(held.exception());
}

}  // namespace
}  // namespace heed::test

// finally(), with() and on_error().
#include "heed/flow/cleanup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/async_generator.hpp"
#include "heed/flow/cancel_scope.hpp"
#include "heed/flow/task_group.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Cleanup : public LoopTest {
 protected:
  // A cleanup that takes a turn.
  Coro<> tidy(std::string error = "") {
    co_await yield_now();
    seen += "tidy ";
    if (!error.empty()) throw std::logic_error(error);
  }
  auto tidying(std::string error = "") {
    return [this, error]() { return tidy(error); };
  }
  AsyncGenerator<int> one_number(int number) { co_yield number; }
  Coro<int> value(int v) {
    co_await yield_now();
    seen += "body ";
    co_return v;
  }
  Coro<int> fails_with_value(std::string text) {
    co_await yield_now();
    throw std::runtime_error(text);
    co_return 0;
  }
  template <class T>
  static bool has_site(const FailureRecord& record, const T& function) {
    return std::any_of(record.await_chain.sites.begin(), record.await_chain.sites.end(),
                       [&](const AwaitSite& site) { return contains(site.function_name(), function); });
  }
  const FailureRecord* settled(Disposition disposition) const {
    for (const FailureRecord* record : loop.failures().recent())
      if (record->disposition == disposition) return record;
    return nullptr;
  }
  static bool has_note(const FailureRecord& record, const std::string& text) {
    return std::any_of(record.notes.begin(), record.notes.end(),
                       [&](const std::string& note) { return contains(note, text); });
  }
  std::string seen;
};

// --- finally ---------------------------------------------------------------------------------------------------------

TEST_F(Cleanup, it_runs_after_a_failure_which_then_comes_out) {
  auto body = [&]() -> Coro<std::string> {
    auto outcome = co_await as_result(finally(fails_later("boom"), tidying()));
    co_return seen + describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "tidy std::runtime_error: boom");
}

TEST_F(Cleanup, a_body_that_throws_before_it_has_made_its_coroutine_has_failed) {
  auto body = [&]() -> Coro<std::string> {
    auto thrower = []() -> Coro<int> { throw std::runtime_error("early"); };
    auto outcome = co_await as_result(finally(thrower, tidying()));
    co_return seen + describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "tidy std::runtime_error: early");
}

TEST_F(Cleanup, the_await_chain_of_the_failure_survives_a_cleanup_that_takes_time) {
  auto thrower = [&]() -> Coro<int> { co_return co_await fails_with_value("boom"); };
  auto body = [&]() -> Coro<int> { co_return co_await finally(thrower, tidying()); };
  loop.create_task(body, named("main"));
  loop.turn(8);
  SeenReport report = loop.take_report();
  ASSERT_TRUE(report.record);
  EXPECT_TRUE(has_site(*report.record, "fails_with_value"));
}

TEST_F(Cleanup, what_is_known_about_the_failure_of_a_body_is_told_of_its_group) {
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(tidy());
    co_await finally(fails_later("boom"), tidying("untidy"));
  };
  loop.create_task(task_group(body), named("main"));
  loop.turn(12);
  SeenReport report = loop.take_report();
  ASSERT_TRUE(report.record);
  EXPECT_TRUE(contains(report.exception, "unhandled errors in a TaskGroup"));
  EXPECT_TRUE(has_note(*report.record, "while cleaning up after: std::runtime_error: boom (failure #"));
  EXPECT_NE(report.record->cause_id, 0u);
}

TEST_F(Cleanup, a_failure_of_the_cleanup_comes_out_with_the_older_one_as_its_cause) {
  auto body = [&]() -> Coro<> { co_await finally(fails_later("boom"), tidying("untidy")); };
  loop.create_task(body, named("main"));
  loop.turn(8);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::logic_error: untidy");
  ASSERT_TRUE(report.record);
  const FailureRecord* older = settled(Disposition::merged);
  ASSERT_TRUE(older);
  EXPECT_EQ(report.record->cause_id, older->id);
  EXPECT_EQ(older->message(), "boom");
  EXPECT_EQ(older->origin, FailureOrigin::replaced);
  EXPECT_EQ(older->task_name, "main");
  EXPECT_TRUE(has_site(*older, "fails_later"));
  EXPECT_TRUE(has_site(*report.record, "tidy"));
  EXPECT_TRUE(has_note(*report.record, "while cleaning up after: std::runtime_error: boom (failure #"));
}

TEST_F(Cleanup, a_plain_cleanup_that_fails_does_the_same) {
  auto body = [&]() -> Coro<> { co_await finally(fails_later("boom"), [] { throw std::logic_error("untidy"); }); };
  loop.create_task(body);
  loop.turn(8);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::logic_error: untidy");
  ASSERT_TRUE(report.record && settled(Disposition::merged));
  EXPECT_EQ(report.record->cause_id, settled(Disposition::merged)->id);
}

TEST_F(Cleanup, a_cleanup_that_raises_the_same_exception_again_changes_nothing) {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("boom"));
  auto body = [&]() -> Coro<std::exception_ptr> {
    auto outcome = co_await as_result(finally(throws(error), [&] { std::rethrow_exception(error); }));
    co_return outcome.exception();
  };
  EXPECT_EQ(identity(loop.run_until_complete(body())), identity(error));
  EXPECT_EQ(loop.failures().failures().raised, 0u);
}

TEST_F(Cleanup, failures_on_several_levels_are_all_in_the_books) {
  auto inner = [&]() -> Coro<> { co_await finally(fails_later("first"), tidying("second")); };
  auto body = [&]() -> Coro<> { co_await finally(inner, [] { throw std::runtime_error("third"); }); };
  loop.create_task(body);
  loop.turn(10);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: third");
  EXPECT_EQ(loop.failures().failures().merged, 2u);
  ASSERT_TRUE(report.record);
  std::vector<const FailureRecord*> recent = loop.failures().recent();
  EXPECT_EQ(recent[0]->message(), "first");
  EXPECT_EQ(recent[1]->message(), "second");
  EXPECT_EQ(recent[1]->cause_id, recent[0]->id);
  EXPECT_EQ(report.record->cause_id, recent[1]->id);
}

TEST_F(Cleanup, it_runs_after_a_cancellation_which_then_comes_out) {
  auto body = [&]() -> Coro<> { co_await finally(waits_for_ever(), tidying()); };
  Task<> task = loop.create_task(body);
  loop.turn(2);
  task.cancel("stop");
  loop.turn(5);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(seen, "tidy ");
}

TEST_F(Cleanup, a_cancellation_that_a_failing_cleanup_replaces_is_no_failure) {
  auto body = [&]() -> Coro<> { co_await finally(waits_for_ever(), tidying("untidy")); };
  Task<> task = loop.create_task(body);
  loop.turn(2);
  task.cancel("stop");
  loop.turn(5);
  EXPECT_EQ(describe(task.exception()), "std::logic_error: untidy");
  EXPECT_EQ(loop.failures().failures().raised, 1u);
  ASSERT_TRUE(settled(Disposition::retrieved));
  EXPECT_TRUE(has_note(*settled(Disposition::retrieved), "while cleaning up after: heed::CancelledError: stop"));
}

TEST_F(Cleanup, a_failure_whose_cleanup_is_cancelled_is_reported) {
  auto body = [&]() -> Coro<> { co_await finally(fails_later("boom"), [] { return waits_for_ever(); }); };
  Task<> task = loop.create_task(body, named("main"));
  loop.turn(4);
  task.cancel();
  loop.turn(4);
  EXPECT_TRUE(task.cancelled());
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: boom");
  EXPECT_EQ(report.task, "main");
  ASSERT_TRUE(report.record);
  EXPECT_TRUE(has_site(*report.record, "fails_later"));
}

TEST_F(Cleanup, a_second_cancellation_interrupts_the_cleanup_unless_it_is_shielded) {
  auto body = [&]() -> Coro<> { co_await finally(waits_for_ever(), tidying()); };
  auto shielding = [&]() -> Coro<> { co_await finally(waits_for_ever(), [&] { return shielded(tidy()); }); };
  Task<> task = loop.create_task(body);
  Task<> shielded_one = loop.create_task(shielding);
  loop.turn(2);
  for (int i = 0; i < 2; ++i) {
    task.cancel();
    shielded_one.cancel();
    loop.turn(1);
  }
  loop.turn(5);
  EXPECT_TRUE(task.cancelled());
  EXPECT_TRUE(shielded_one.cancelled() || shielded_one.done());
  EXPECT_EQ(seen, "tidy ");
}

TEST_F(Cleanup, the_failure_of_a_coroutine_that_is_destroyed_during_its_cleanup_is_reported) {
  auto body = [&]() -> Coro<> { co_await finally(fails_later("boom"), [] { return waits_for_ever(); }); };
  loop.create_task(body);
  loop.turn(5);
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].message, "Task was destroyed but it is pending!");
  EXPECT_EQ(reports[1].exception, "std::runtime_error: boom");
}

TEST_F(Cleanup, a_plain_cleanup_runs_also_when_the_coroutine_is_destroyed) {
  auto body = [&]() -> Coro<> { co_await finally(waits_for_ever(), [&] { seen += "tidy "; }); };
  auto failing = [&]() -> Coro<> { co_await finally(waits_for_ever(), [] { throw std::logic_error("untidy"); }); };
  loop.create_task(body);
  loop.create_task(failing);
  loop.turn(3);
  loop.close();
  EXPECT_EQ(seen, "tidy ");
  EXPECT_EQ(loop.take_reports(3)[2].exception, "std::logic_error: untidy");
}

TEST_F(Cleanup, a_body_and_a_cleanup_may_be_whatever_can_be_awaited) {
  auto program = [&]() -> Coro<std::string> {
    Future<int> future = loop.create_future<int>();
    loop.call_soon([=]() mutable { future.set_result(7); });
    Task<> task = create_task(tidy());
    int value = co_await finally(future, [&]() { return task; });
    TimePoint start = loop.time();
    co_await finally(sleep(1s), []() { return sleep(2s); });
    AsyncGenerator<int> numbers = one_number(4);
    auto number = co_await finally(numbers.next(), [&]() { return numbers.aclose(); });
    value += *number;
    co_return seen + std::to_string(value) + (loop.time() - start == 3s ? " slept" : "");
  };
  EXPECT_EQ(loop.run_until_complete(program()), "tidy 11 slept");
}

TEST_F(Cleanup, the_value_of_the_body_comes_out) {
  auto body = [&]() -> Coro<int> { co_return co_await finally([&] { return value(7); }, tidying()); };
  EXPECT_EQ(loop.run_until_complete(body()), 7);
  EXPECT_EQ(seen, "body tidy ");
}

TEST_F(Cleanup, a_value_that_can_only_be_moved_or_is_a_reference_comes_out) {
  int target = 1;
  auto body = [&]() -> Coro<int> {
    auto unique = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(2); };
    auto reference = [&]() -> Coro<int&> { co_return target; };
    auto pointer = co_await finally(unique, [] {});
    int& same = co_await finally(reference, [] {});
    EXPECT_EQ(&same, &target);
    co_return *pointer;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 2);
}

TEST_F(Cleanup, a_value_is_lost_to_a_cleanup_that_fails) {
  auto body = [&]() -> Coro<std::string> {
    auto outcome = co_await as_result(finally(value(7), tidying("untidy")));
    co_return describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::logic_error: untidy");
  EXPECT_EQ(loop.failures().failures().raised, 0u);
}

// --- with ------------------------------------------------------------------------------------------------------------

TEST_F(Cleanup, a_resource_that_could_not_be_acquired_is_not_released) {
  auto body = [&]() -> Coro<std::string> {
    auto use = [&](int&) -> Coro<> {
      seen += "used ";
      co_return;
    };
    auto outcome = co_await as_result(with(fails_with_value("none left"), use, [&](int&) { seen += "released "; }));
    co_return seen + describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: none left");
}

TEST_F(Cleanup, a_resource_is_released_after_a_failure) {
  auto body = [&]() -> Coro<std::string> {
    auto use = [&](int& resource) -> Coro<> { co_await fails_later("bad " + std::to_string(resource)); };
    auto release = [&](int& resource) -> Coro<> {
      co_await yield_now();
      seen += "released " + std::to_string(resource) + " ";
    };
    auto outcome = co_await as_result(with(value(7), use, release));
    co_return seen + describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "body released 7 std::runtime_error: bad 7");
}

TEST_F(Cleanup, a_failing_release_keeps_the_failure_of_the_body) {
  auto body = [&]() -> Coro<> {
    auto use = [](int&) { return fails_later("boom"); };
    co_await with(value(7), use, [](int&) { throw std::logic_error("stuck"); });
  };
  loop.create_task(body);
  loop.turn(8);
  EXPECT_EQ(loop.take_report().exception, "std::logic_error: stuck");
  ASSERT_TRUE(settled(Disposition::merged));
  EXPECT_EQ(settled(Disposition::merged)->message(), "boom");
}

TEST_F(Cleanup, a_resource_is_released_after_a_cancellation) {
  auto body = [&]() -> Coro<> {
    auto use = [](int&) { return waits_for_ever(); };
    co_await with(value(7), use, [&](int&) { seen += "released "; });
  };
  Task<> task = loop.create_task(body);
  loop.turn(4);
  task.cancel();
  loop.turn(4);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(seen, "body released ");
}

TEST_F(Cleanup, the_body_works_on_the_very_resource_and_its_value_comes_out) {
  auto body = [&]() -> Coro<int> {
    auto acquire = []() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
    int* address = nullptr;
    auto use = [&](std::unique_ptr<int>& resource) -> Coro<int> {
      address = resource.get();
      co_return *resource + 1;
    };
    auto release = [&](std::unique_ptr<int>& resource) { EXPECT_EQ(resource.get(), address); };
    int result = co_await with(acquire, use, release);
    co_return result;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 4);
}

// --- on_error --------------------------------------------------------------------------------------------------------

TEST_F(Cleanup, what_no_handler_takes_goes_on_unchanged) {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("boom"));
  auto body = [&]() -> Coro<std::exception_ptr> {
    auto outcome = co_await as_result(on_error(throws(error), [](const std::logic_error&) {}));
    co_return outcome.exception();
  };
  EXPECT_EQ(identity(loop.run_until_complete(body())), identity(error));
}

TEST_F(Cleanup, the_first_handler_that_fits_gives_the_value) {
  auto body = [&]() -> Coro<int> {
    auto slowly = [](const std::runtime_error& error) -> Coro<int> {
      co_await sleep(1s);
      co_return static_cast<int>(std::string(error.what()).size());
    };
    int first = co_await on_error(
        fails_with_value("four"), [](const std::logic_error&) { return 1; }, slowly,
        [](const std::exception&) { return 2; });
    int second = co_await on_error(fails_with_value("x"), [](std::exception_ptr) { return 30; });
    int third = co_await on_error(value(200), [](std::exception_ptr) { return 0; });
    co_return first + second + third;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 234);
}

TEST_F(Cleanup, a_cancellation_is_only_taken_by_a_handler_that_names_it) {
  auto for_errors = [&]() -> Coro<> { co_await on_error(waits_for_ever(), [](std::exception_ptr) {}); };
  auto for_cancellations = [&]() -> Coro<> {
    co_await on_error(waits_for_ever(), [&](const CancelledError& error) { seen += error.what(); });
  };
  Task<> first = loop.create_task(for_errors), second = loop.create_task(for_cancellations);
  loop.turn(2);
  first.cancel("one");
  second.cancel("two");
  loop.turn(4);
  EXPECT_TRUE(first.cancelled());
  EXPECT_TRUE(second.done() && !second.cancelled());
  EXPECT_EQ(seen, "two");
}

TEST_F(Cleanup, a_handler_that_fails_names_the_failure_that_it_handled) {
  auto body = [&]() -> Coro<> {
    auto handler = [&](const std::runtime_error&) { return tidy("worse"); };
    co_await on_error(fails_later("boom"), handler);
  };
  loop.create_task(body);
  loop.turn(8);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::logic_error: worse");
  ASSERT_TRUE(report.record && settled(Disposition::merged));
  EXPECT_EQ(report.record->cause_id, settled(Disposition::merged)->id);
  EXPECT_TRUE(has_note(*report.record, "while handling: std::runtime_error: boom"));
}

TEST_F(Cleanup, a_handler_can_raise_the_same_exception_again) {
  auto body = [&]() -> Coro<> {
    auto first = [&] { return fails_later("boom"); };
    auto by_throw = [&] { return on_error(first, [](const std::runtime_error&) { throw; }); };
    auto by_pointer = [](std::exception_ptr error) -> Coro<> {
      co_await yield_now();
      std::rethrow_exception(error);
    };
    co_await on_error(by_throw, by_pointer);
  };
  loop.create_task(body);
  loop.turn(8);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: boom");
  EXPECT_EQ(loop.failures().failures().raised, 1u);
  EXPECT_TRUE(has_site(*report.record, "fails_later"));
}

TEST_F(Cleanup, a_group_is_handled_as_a_whole) {
  auto body = [&]() -> Coro<std::size_t> {
    std::vector<std::exception_ptr> errors{std::make_exception_ptr(1), std::make_exception_ptr(2)};
    auto thrower = [&]() -> Coro<std::size_t> { throw ExceptionGroup("two", errors); };
    std::size_t count = co_await on_error(thrower, [](const ExceptionGroup& group) { return group.leaves().size(); });
    co_return count;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 2u);
}

}  // namespace
}  // namespace heed::test

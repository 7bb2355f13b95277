// Callbacks, timers and done callbacks: what they throw, and when done callbacks run.
#include <gtest/gtest.h>

#include "heed/failure/exception_group.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

struct OwnType {};

class Callbacks : public LoopTest {
 protected:
  // The report about a callback that threw `value`.
  template <class E>
  SeenReport report_of(E value) {
    loop.call_soon([value] { throw value; });
    loop.turn();
    SeenReport report = loop.take_report();
    EXPECT_EQ(report.message.substr(0, 22), "Exception in callback ");
    EXPECT_EQ(report.record->origin, FailureOrigin::callback);
    return report;
  }
};

TEST_F(Callbacks, a_callback_that_throws_is_reported_with_its_handle) {
  SeenReport report = report_of(std::runtime_error("boom"));
  EXPECT_EQ(report.exception, "std::runtime_error: boom");
  EXPECT_EQ(report.keys, (std::vector<std::string>{"exception", "handle", "message"}));
  EXPECT_TRUE(contains(report.message, "callbacks_test.cpp:"));
  EXPECT_TRUE(contains(report.handle, "callbacks_test.cpp:"));
  EXPECT_EQ(loop.failures().failures().reported, 1u);
}

TEST_F(Callbacks, whatever_is_thrown_is_told_with_type_and_message) {
  EXPECT_EQ(report_of(42).exception, "int: 42");
  EXPECT_EQ(report_of(std::string("text")).exception,
            "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >: text");
  EXPECT_EQ(report_of("literal").exception, "char const*: literal");
  EXPECT_TRUE(contains(report_of(OwnType()).exception, "OwnType"));
  EXPECT_EQ(report_of(CancelledError("why")).exception, "heed::CancelledError: why");
}

TEST_F(Callbacks, the_code_of_a_system_error_is_recorded) {
  SeenReport report = report_of(std::system_error(ECONNRESET, std::generic_category(), "read"));
  EXPECT_EQ(report.record->code, std::errc::connection_reset);
}

TEST_F(Callbacks, nested_exceptions_are_recorded_as_a_tree) {
  loop.call_soon([] {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  });
  loop.turn();
  std::vector<std::string> tree = loop.take_report().record->tree();
  ASSERT_EQ(tree.size(), 2u);
  EXPECT_TRUE(contains(tree[0], "outer"));
  EXPECT_EQ(tree[1], "caused by std::runtime_error: inner");
}

TEST_F(Callbacks, an_exception_group_is_recorded_as_a_tree) {
  std::vector<std::exception_ptr> members;
  members.push_back(std::make_exception_ptr(std::runtime_error("one")));
  members.push_back(std::make_exception_ptr(2));
  SeenReport report = report_of(ExceptionGroup("several", members));
  EXPECT_EQ(report.record->tree(), (std::vector<std::string>{"heed::ExceptionGroup: several (2 sub-exceptions)",
                                                             "|- std::runtime_error: one", "`- int: 2"}));
}

TEST_F(Callbacks, the_iteration_goes_on_after_one_that_throws) {
  bool ran = false;
  loop.call_soon([] { throw 1; });
  loop.call_soon([&] { ran = true; });
  loop.turn();
  EXPECT_TRUE(ran);
  loop.take_report();
}

TEST_F(Callbacks, a_timer_that_throws_is_reported_like_any_callback) {
  loop.call_later(1s, [] { throw std::runtime_error("timer"); });
  loop.call_at(loop.time() + 1s, [] { throw std::runtime_error("deadline"); });
  loop.run_for(2s);
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[0].exception, "std::runtime_error: timer");
  EXPECT_EQ(reports[1].exception, "std::runtime_error: deadline");
}

TEST_F(Callbacks, a_done_callback_that_throws_is_reported_and_the_others_run) {
  Future<> future = loop.create_future<>();
  bool ran = false;
  future.add_done_callback([] { throw std::runtime_error("done"); });
  future.add_done_callback([&] { ran = true; });
  Task<> waiter = loop.create_task(waits_for(future));
  loop.turn();
  future.set_result();
  loop.turn();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(waiter.done());
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: done");
  EXPECT_EQ(report.message.substr(0, 22), "Exception in callback ");
  EXPECT_EQ(report.keys, (std::vector<std::string>{"exception", "handle", "message"}));
}

TEST_F(Callbacks, a_done_callback_that_raises_cancelled_error_is_reported_too) {
  Task<int> task = loop.create_task(returns(1));
  task.add_done_callback([] { throw CancelledError("not mine"); });
  loop.turn(2);
  EXPECT_EQ(loop.take_report().exception, "heed::CancelledError: not mine");
}

// --- done callbacks --------------------------------------------------------------------------------------------------

TEST_F(Callbacks, done_callbacks_are_scheduled_and_never_called_at_once) {
  Future<int> future = loop.create_future<int>();
  int seen = 0;
  future.add_done_callback([&](const Future<int>& done) { seen = done.result(); });
  future.set_result(3);
  EXPECT_EQ(seen, 0);
  loop.turn();
  EXPECT_EQ(seen, 3);
}

TEST_F(Callbacks, done_callbacks_and_waiters_run_in_order_of_registration) {
  Future<> future = loop.create_future<>();
  std::string order;
  auto waiter = [&]() -> Coro<> {
    co_await future;
    order += 'b';
  };
  future.add_done_callback([&] { order += 'a'; });
  loop.create_task(waiter);
  loop.turn();
  future.add_done_callback([&] { order += 'c'; });
  future.set_result();
  loop.turn();
  EXPECT_EQ(order, "abc");
}

TEST_F(Callbacks, a_done_callback_that_is_added_late_runs_in_the_next_iteration) {
  Future<> future = loop.create_future<>();
  future.set_result();
  bool ran = false;
  future.add_done_callback([&] { ran = true; });
  EXPECT_FALSE(ran);
  loop.turn();
  EXPECT_TRUE(ran);
}

TEST_F(Callbacks, a_done_callback_can_be_taken_back_by_its_id) {
  Future<> future = loop.create_future<>();
  int ran = 0;
  CallbackId first = future.add_done_callback([&] { ++ran; });
  future.add_done_callback([&] { ran += 10; });
  EXPECT_EQ(future.remove_done_callback(first), 1u);
  EXPECT_EQ(future.remove_done_callback(first), 0u);
  future.set_result();
  loop.turn();
  EXPECT_EQ(ran, 10);
}

int calls_of_plain = 0;
void plain() { ++calls_of_plain; }

TEST_F(Callbacks, all_registrations_of_an_equal_function_can_be_taken_back) {
  calls_of_plain = 0;
  Future<> future = loop.create_future<>();
  future.add_done_callback(&plain);
  future.add_done_callback(&plain);
  future.add_done_callback([] { calls_of_plain += 10; });
  EXPECT_EQ(future.remove_done_callback(&plain), 2u);
  future.set_result();
  loop.turn();
  EXPECT_EQ(calls_of_plain, 10);
}

TEST_F(Callbacks, a_function_registered_twice_runs_twice) {
  calls_of_plain = 0;
  Future<> future = loop.create_future<>();
  future.add_done_callback(&plain);
  future.add_done_callback(&plain);
  future.set_result();
  loop.turn();
  EXPECT_EQ(calls_of_plain, 2);
}

TEST_F(Callbacks, one_that_is_scheduled_cannot_be_taken_back) {
  Future<> future = loop.create_future<>();
  bool ran = false;
  CallbackId id = future.add_done_callback([&] { ran = true; });
  future.set_result();
  EXPECT_EQ(future.remove_done_callback(id), 0u);
  loop.turn();
  EXPECT_TRUE(ran);
}

TEST_F(Callbacks, a_done_callback_keeps_the_future_alive_until_it_ran) {
  int seen = 0;
  {
    Future<int> future = loop.create_future<int>();
    future.add_done_callback([&](const Future<int>& done) { seen = done.result(); });
    future.set_result(5);
  }
  loop.turn();
  EXPECT_EQ(seen, 5);
}

TEST_F(Callbacks, a_done_callback_of_a_cancelled_task_sees_it_cancelled) {
  Task<> task = loop.create_task(waits_for_ever());
  bool cancelled = false;
  task.add_done_callback([&](const Task<>& done) { cancelled = done.cancelled(); });
  loop.turn();
  task.cancel();
  loop.turn(2);
  EXPECT_TRUE(cancelled);
}

TEST_F(Callbacks, any_type_with_a_call_operator_is_a_callback) {
  struct Functor {
    int& calls;
    void operator()() const { ++calls; }
  };
  int calls = 0;
  loop.call_soon(Functor{calls});
  loop.call_later(1s, Functor{calls});
  loop.call_soon_threadsafe(Functor{calls});
  loop.run_for(1s);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace heed::test

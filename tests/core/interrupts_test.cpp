// KeyboardInterrupt and SystemExit leave run_forever(); nothing else does.
#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Interrupts : public LoopTest {
 protected:
  std::string order;
};

TEST_F(Interrupts, one_of_a_callback_leaves_the_loop_and_the_rest_of_the_queue_is_kept_in_order) {
  loop.call_soon([&] { order += 'a'; });
  loop.call_soon([] { throw KeyboardInterrupt("ctrl-c"); });
  loop.call_soon([&] {
    order += 'b';
    loop.call_soon([&] { order += 'd'; });
  });
  loop.call_soon([&] { order += 'c'; });
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "ctrl-c");
  EXPECT_EQ(order, "a");
  EXPECT_FALSE(loop.is_running());
  loop.turn();
  EXPECT_EQ(order, "abc");
  loop.turn();
  EXPECT_EQ(order, "abcd");
}

TEST_F(Interrupts, one_of_a_task_is_stored_and_leaves_the_loop) {
  Task<> task = loop.create_task(throws(std::make_exception_ptr(KeyboardInterrupt("ctrl-c"))));
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "ctrl-c");
  EXPECT_EQ(describe(task.exception()), "heed::KeyboardInterrupt: ctrl-c");
  EXPECT_EQ(loop.failures().failures().retrieved, 1u);
}

TEST_F(Interrupts, one_of_a_dropped_task_is_not_reported_again) {
  loop.create_task(throws(std::make_exception_ptr(KeyboardInterrupt())));
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
}

TEST_F(Interrupts, system_exit_carries_its_code_out_of_the_loop) {
  loop.call_later(1s, [] { throw SystemExit(3); });
  std::exception_ptr out = caught([&] { loop.run_forever(); });
  const auto* exit = find<SystemExit>(out);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->code(), 3);
}

TEST_F(Interrupts, one_of_a_done_callback_leaves_the_loop) {
  Future<> future = loop.create_future<>();
  future.add_done_callback([] { throw KeyboardInterrupt(); });
  future.set_result();
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
}

TEST_F(Interrupts, one_of_the_exception_handler_leaves_the_loop) {
  loop.set_exception_handler([](EventLoop&, const ErrorContext&) { throw KeyboardInterrupt("handler"); });
  loop.call_soon([] { throw 1; });
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "handler");
}

TEST_F(Interrupts, one_from_between_two_runs_leaves_the_next_that_gets_as_far_whatever_the_poller_throws_before) {
  loop.set_exception_handler([](EventLoop&, const ErrorContext&) { throw KeyboardInterrupt("between"); });
  {
    Future<> dropped = loop.create_future<>();
    dropped.set_exception(std::make_exception_ptr(1));
  }
  time.fail_next_wait(std::make_exception_ptr(std::system_error(EINVAL, std::generic_category(), "epoll_wait")));
  EXPECT_THROW(loop.run_forever(), std::system_error);
  bool ran = false;
  loop.call_soon([&] { ran = true; });
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "between");
  EXPECT_FALSE(ran);
  loop.turn();
  EXPECT_TRUE(ran);
}

TEST_F(Interrupts,
       one_that_a_task_raises_while_it_is_awaited_goes_to_the_loop_and_the_awaiter_gets_it_when_it_goes_on) {
  Task<> inner = loop.create_task(throws(std::make_exception_ptr(KeyboardInterrupt("once"))));
  std::string seen;
  auto body = [&]() -> Coro<> {
    try {
      co_await inner;
    } catch (const KeyboardInterrupt& error) {
      seen = error.what();
    }
  };
  loop.create_task(body);
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
  loop.turn(2);
  EXPECT_EQ(seen, "once");
}

TEST_F(Interrupts, run_until_complete_throws_the_interrupt_of_its_own_task_once) {
  EXPECT_EQ(thrown<KeyboardInterrupt>(
                [&] { loop.run_until_complete(throws(std::make_exception_ptr(KeyboardInterrupt("main")))); }),
            "main");
  loop.turn();  // it does not come again
}

TEST_F(Interrupts, run_until_complete_left_by_anothers_interrupt_can_be_called_again) {
  Task<int> task = loop.create_task([]() -> Coro<int> {
    co_await sleep(2s);
    co_return 5;
  });
  loop.call_later(1s, [] { throw KeyboardInterrupt(); });
  EXPECT_THROW(loop.run_until_complete(task), KeyboardInterrupt);
  EXPECT_FALSE(task.done());
  EXPECT_EQ(loop.run_until_complete(task), 5);
}

TEST_F(Interrupts, a_cancelled_error_of_a_callback_does_not_leave_the_loop) {
  loop.call_soon([] { throw CancelledError(); });
  loop.turn();
  loop.take_report();
}

TEST_F(Interrupts, two_in_one_iteration_come_out_one_after_the_other) {
  loop.call_soon([] { throw KeyboardInterrupt("first"); });
  loop.call_soon([] { throw KeyboardInterrupt("second"); });
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "first");
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "second");
}

}  // namespace
}  // namespace heed::test

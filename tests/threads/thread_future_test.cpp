// What a thread sees of a coroutine that runs in another thread's loop.
#include "heed/threads/thread_future.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <thread>

#include "support/coroutines.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

Coro<> cleans_up(std::atomic<bool>& cleaned) {
  try {
    co_await waits_for_ever();
  } catch (...) {
    cleaned = true;
    throw;
  }
}

Coro<> fails_when_cancelled() {
  try {
    co_await waits_for_ever();
  } catch (const CancelledError&) {
  }
  throw std::runtime_error("while cleaning up");
}

class ThreadFutures : public RealLoopTest {
 protected:
  // Runs the loop until `function`, on a thread of its own, has returned.
  template <class F>
  void run_beside(F function) {
    std::thread thread([this, &function] {
      function();
      loop.call_soon_threadsafe([this] { loop.stop(); });
    });
    loop.run_forever();
    thread.join();
  }
  template <class F>
  void in_thread(F function) {
    std::thread(std::move(function)).join();
  }
  const FailureCounts& counts() const { return loop.failures().failures(); }
};

// --- failures --------------------------------------------------------------------------------------------------------

TEST_F(ThreadFutures, an_exception_of_the_coroutine_is_thrown_in_the_thread) {
  std::string text;
  run_beside([&] {
    ThreadFuture<> future = run_coroutine_threadsafe(fails_later("abroad"), loop);
    text = thrown<std::runtime_error>([&] { future.result(); });
  });
  EXPECT_EQ(text, "abroad");
  EXPECT_EQ(counts().retrieved, counts().raised);
}

TEST_F(ThreadFutures, the_exception_can_be_read_without_a_throw) {
  std::string text;
  run_beside([&] { text = describe(run_coroutine_threadsafe(fails("abroad"), loop).exception()); });
  EXPECT_EQ(text, "std::runtime_error: abroad");
}

TEST_F(ThreadFutures, any_type_may_be_thrown) {
  int caught_value = 0;
  run_beside([&] {
    // Held until the handler is left: the thread sanitizer does not see the count that std::exception_ptr keeps.
    ThreadFuture<> future = run_coroutine_threadsafe(throws(std::make_exception_ptr(42)), loop);
    try {
      future.result();
    } catch (int value) {
      caught_value = value;
    }
  });
  EXPECT_EQ(caught_value, 42);
}

TEST_F(ThreadFutures, a_failure_that_was_read_once_may_be_read_again) {
  run_beside([&] {
    ThreadFuture<> future = run_coroutine_threadsafe(fails(), loop);
    EXPECT_THROW(future.result(), std::runtime_error);
    EXPECT_THROW(future.result(), std::runtime_error);
    EXPECT_TRUE(future.exception());
    EXPECT_FALSE(future.cancelled());
  });
}

TEST_F(ThreadFutures, a_failure_that_nobody_reads_is_reported_once) {
  run_beside([&] {
    ThreadFuture<> future = run_coroutine_threadsafe(fails("lost"), loop, named("worker"));
    while (!future.done()) std::this_thread::yield();
  });
  loop.turn();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "ThreadFuture exception was never retrieved");
  EXPECT_EQ(report.exception, "std::runtime_error: lost");
  EXPECT_EQ(report.record->origin, FailureOrigin::thread);
  EXPECT_EQ(report.record->task_name, "worker");
  EXPECT_EQ(counts().reported, 1u);
}

TEST_F(ThreadFutures, a_failure_of_a_future_that_was_dropped_before_is_reported_once) {
  in_thread([&] { run_coroutine_threadsafe(fails("lost"), loop); });
  loop.turn(5);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: lost");
}

TEST_F(ThreadFutures, a_failure_that_is_held_unread_is_reported_when_the_loop_closes) {
  ThreadFuture<> future = run_coroutine_threadsafe(fails("held"), loop);
  loop.turn(5);
  EXPECT_TRUE(future.done());
  EXPECT_TRUE(loop.reports.empty());
  EXPECT_EQ(counts().live, 1u);
  loop.close();
  EXPECT_EQ(loop.take_report().message, "ThreadFuture exception was never retrieved");
  EXPECT_THROW(future.result(), std::runtime_error);  // still there
}

TEST_F(ThreadFutures, a_failure_read_by_a_thread_before_the_close_is_not_reported) {
  ThreadFuture<> future = run_coroutine_threadsafe(fails("read"), loop);
  loop.turn(5);
  in_thread([&] { EXPECT_TRUE(future.exception()); });
  loop.close();
  EXPECT_EQ(counts().reported, 0u);
}

TEST_F(ThreadFutures, a_failure_is_reported_on_the_threads_of_the_loop_only) {
  std::thread::id reported_on;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { reported_on = std::this_thread::get_id(); });
  auto future = std::make_unique<ThreadFuture<>>(run_coroutine_threadsafe(fails(), loop));
  loop.turn(5);
  in_thread([&] { future.reset(); });
  loop.turn();
  EXPECT_EQ(reported_on, std::this_thread::get_id());
  EXPECT_EQ(counts().reported, 1u);
}

TEST_F(ThreadFutures, a_result_that_cannot_be_moved_is_a_failure) {
  struct ThrowsWhenMoved {
    ThrowsWhenMoved() = default;
    ThrowsWhenMoved(ThrowsWhenMoved&& other) : moves(other.moves + 1) {
      if (moves > 2) throw std::runtime_error("moved too often");
    }
    int moves = 0;
  };
  auto body = []() -> Coro<ThrowsWhenMoved> { co_return ThrowsWhenMoved(); };
  ThreadFuture<ThrowsWhenMoved> future = run_coroutine_threadsafe(body(), loop);
  loop.turn(5);
  EXPECT_EQ(thrown<std::runtime_error>([&] { future.result(); }), "moved too often");
}

TEST_F(ThreadFutures, an_exit_of_the_coroutine_leaves_the_loop_and_reaches_the_thread) {
  ThreadFuture<> future = run_coroutine_threadsafe(throws(std::make_exception_ptr(SystemExit(3))), loop);
  EXPECT_THROW(loop.run_forever(), SystemExit);
  loop.turn();
  EXPECT_THROW(future.result(), SystemExit);
}

TEST_F(ThreadFutures, an_interrupt_that_left_the_loop_is_not_reported_again) {
  run_coroutine_threadsafe(throws(std::make_exception_ptr(KeyboardInterrupt())), loop);
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
  loop.turn(2);
}

TEST_F(ThreadFutures, a_handle_that_was_moved_from_is_refused) {
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  ThreadFuture<> moved = std::move(future);
  EXPECT_THROW(future.done(), InvalidStateError);
  EXPECT_THROW(future.result(), InvalidStateError);
  EXPECT_THROW(future.cancel(), InvalidStateError);
  EXPECT_THROW(future.add_done_callback([] {}), InvalidStateError);
  loop.turn(4);
  EXPECT_TRUE(moved.done());
}

// --- results ---------------------------------------------------------------------------------------------------------

TEST_F(ThreadFutures, the_thread_gets_the_value) {
  int value = 0;
  run_beside([&] { value = run_coroutine_threadsafe(returns(7), loop).result(); });
  EXPECT_EQ(value, 7);
}

TEST_F(ThreadFutures, a_value_may_be_read_again_and_moved_out_at_last) {
  run_beside([&] {
    ThreadFuture<std::string> future = run_coroutine_threadsafe(returns<std::string>("page"), loop);
    EXPECT_EQ(future.result(), "page");
    EXPECT_EQ(future.result(1h), "page");
    EXPECT_FALSE(future.exception());
    EXPECT_EQ(std::move(future).result(), "page");
  });
}

TEST_F(ThreadFutures, a_value_that_only_moves_is_handed_over) {
  int value = 0;
  run_beside([&] { value = *run_coroutine_threadsafe(returns(std::make_unique<int>(3)), loop).result(); });
  EXPECT_EQ(value, 3);
}

TEST_F(ThreadFutures, a_coroutine_without_a_value_just_ends) {
  run_beside([&] { run_coroutine_threadsafe(turns(3), loop).result(); });
}

TEST_F(ThreadFutures, a_timeout_throws_and_leaves_the_coroutine_running) {
  auto waits = [](Future<int> number) -> Coro<int> { co_return co_await number; };
  Future<int> number = loop.create_future<int>();
  ThreadFuture<int> future = run_coroutine_threadsafe(waits(number), loop);
  loop.turn(2);
  in_thread([&] {
    EXPECT_THROW(future.result(0s), TimeoutError);
    EXPECT_THROW(future.exception(-1s), TimeoutError);
  });
  EXPECT_FALSE(future.done());
  number.set_result(5);
  loop.turn(2);
  EXPECT_EQ(future.result(0s), 5);
}

TEST_F(ThreadFutures, a_timeout_that_is_no_number_is_refused) {
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  EXPECT_THROW(future.result(std::chrono::duration<double>(std::nan(""))), std::invalid_argument);
  loop.turn(4);
}

TEST_F(ThreadFutures, on_the_loops_own_thread_a_pending_one_is_refused_instead_of_a_deadlock) {
  ThreadFuture<int> future = run_coroutine_threadsafe(returns(1), loop);
  std::string text, with_timeout;
  loop.call_soon([&] {
    text = thrown<std::runtime_error>([&] { future.result(); });
    with_timeout = thrown<std::runtime_error>([&] { future.result(1h); });
  });
  loop.turn(5);
  EXPECT_EQ(text, "ThreadFuture: waiting on the thread of its own loop would never end");
  EXPECT_EQ(with_timeout, text);
  loop.call_soon([&] { EXPECT_EQ(future.result(), 1); });  // one that is done is fine
  loop.turn();
}

// --- cancellation ----------------------------------------------------------------------------------------------------

TEST_F(ThreadFutures, cancelled_before_it_begins_the_coroutine_never_runs) {
  bool ran = false;
  auto body = [](bool& flag) -> Coro<> {
    flag = true;
    co_return;
  };
  ThreadFuture<> future = run_coroutine_threadsafe(body(ran), loop);
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  loop.turn(3);
  EXPECT_FALSE(ran);
}

TEST_F(ThreadFutures, cancelled_while_it_runs_the_task_is_cancelled_in_its_loop) {
  std::atomic<bool> cleaned{false};
  ThreadFuture<> future = run_coroutine_threadsafe(cleans_up(cleaned), loop);
  loop.turn(2);
  in_thread([&] {
    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.result(), CancelledError);
  });
  EXPECT_FALSE(cleaned);
  loop.turn(3);
  EXPECT_TRUE(cleaned);
}

TEST_F(ThreadFutures, cancelled_after_the_end_it_stays_as_it_is) {
  ThreadFuture<int> future = run_coroutine_threadsafe(returns(7), loop);
  loop.turn(4);
  in_thread([&] { EXPECT_FALSE(future.cancel()); });
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(future.result(), 7);
}

TEST_F(ThreadFutures, a_second_cancel_is_refused) {
  ThreadFuture<> future = run_coroutine_threadsafe(waits_for_ever(), loop);
  EXPECT_TRUE(future.cancel());
  EXPECT_FALSE(future.cancel());
  loop.turn(2);
}

TEST_F(ThreadFutures, a_task_that_is_cancelled_in_its_loop_cancels_the_future) {
  ThreadFuture<> future = run_coroutine_threadsafe(waits_for_ever(), loop);
  loop.turn(2);
  for (AnyTask& task : all_tasks(loop)) task.cancel();
  loop.turn(3);
  EXPECT_TRUE(future.cancelled());
  EXPECT_THROW(future.result(), CancelledError);
  EXPECT_THROW(future.exception(), CancelledError);
}

TEST_F(ThreadFutures, what_a_cancelled_coroutine_fails_with_is_reported) {
  ThreadFuture<> future = run_coroutine_threadsafe(fails_when_cancelled(), loop);
  loop.turn(2);
  in_thread([&] { EXPECT_TRUE(future.cancel()); });
  loop.turn(4);
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: while cleaning up");
}

TEST_F(ThreadFutures, a_failure_that_came_just_before_the_cancel_is_reported) {
  ThreadFuture<> future = run_coroutine_threadsafe(fails("too early"), loop);
  loop.turn(1);  // begun
  loop.turn(1);  // failed, and nobody was told yet
  EXPECT_TRUE(future.cancel());
  loop.turn(4);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: too early");
}

// --- done callbacks --------------------------------------------------------------------------------------------------

TEST_F(ThreadFutures, a_done_callback_runs_on_the_thread_of_the_loop_with_the_future) {
  std::thread::id ran_on;
  int value = 0;
  in_thread([&] {
    run_coroutine_threadsafe(returns(7), loop).add_done_callback([&](ThreadFuture<int> future) {
      ran_on = std::this_thread::get_id();
      value = future.result();
    });
  });
  loop.turn(4);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  EXPECT_EQ(value, 7);
}

TEST_F(ThreadFutures, a_done_callback_that_is_added_after_the_end_runs_at_once_in_that_thread) {
  ThreadFuture<int> future = run_coroutine_threadsafe(returns(7), loop);
  loop.turn(4);
  std::thread::id ran_on, added_on;
  in_thread([&] {
    added_on = std::this_thread::get_id();
    future.add_done_callback([&] { ran_on = std::this_thread::get_id(); });
  });
  EXPECT_EQ(ran_on, added_on);
}

TEST_F(ThreadFutures, a_done_callback_runs_in_the_thread_that_cancels) {
  ThreadFuture<> future = run_coroutine_threadsafe(waits_for_ever(), loop);
  std::thread::id ran_on, cancelled_on;
  future.add_done_callback([&] { ran_on = std::this_thread::get_id(); });
  in_thread([&] {
    cancelled_on = std::this_thread::get_id();
    future.cancel();
  });
  EXPECT_EQ(ran_on, cancelled_on);
  loop.turn(2);
}

TEST_F(ThreadFutures, done_callbacks_run_in_order_once_each) {
  std::string order;
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  future.add_done_callback([&] { order += 'a'; });
  future.add_done_callback([&] { order += 'b'; });
  loop.turn(5);
  EXPECT_FALSE(future.cancel());
  EXPECT_EQ(order, "ab");
}

TEST_F(ThreadFutures, a_failure_read_by_a_done_callback_is_not_reported) {
  std::string text;
  run_coroutine_threadsafe(fails("read"), loop).add_done_callback([&](const ThreadFuture<>& future) {
    text = describe(future.exception());
  });
  loop.turn(5);
  EXPECT_EQ(text, "std::runtime_error: read");
  EXPECT_EQ(counts().reported, 0u);
}

TEST_F(ThreadFutures, a_done_callback_that_only_holds_the_future_does_not_hide_its_failure) {
  run_coroutine_threadsafe(fails("unread"), loop).add_done_callback([] {});
  loop.turn(5);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: unread");
}

TEST_F(ThreadFutures, a_done_callback_that_throws_on_the_loops_thread_is_reported_and_the_others_run) {
  bool ran = false;
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  future.add_done_callback([] { throw std::runtime_error("callback"); });
  future.add_done_callback([&] { ran = true; });
  loop.turn(5);
  EXPECT_TRUE(ran);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: callback");
}

TEST_F(ThreadFutures, a_done_callback_that_throws_on_another_thread_is_logged) {
  LogCapture log;
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  loop.turn(5);
  in_thread([&] { future.add_done_callback([] { throw std::runtime_error("callback"); }); });
  ASSERT_EQ(log.entries().size(), 1u);
  EXPECT_EQ(log.entries()[0].message, "Exception in callback of a ThreadFuture");
  EXPECT_EQ(describe(log.entries()[0].exception), "std::runtime_error: callback");
}

TEST_F(ThreadFutures, a_done_callback_lets_go_of_its_captures_when_it_has_run) {
  auto captured = std::make_shared<int>(0);
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  future.add_done_callback([captured] {});
  EXPECT_EQ(captured.use_count(), 2);
  loop.turn(5);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(ThreadFutures, a_done_callback_is_called_when_the_loop_closes_before_the_end) {
  bool cancelled = false;
  run_coroutine_threadsafe(waits_for_ever(), loop).add_done_callback([&](const ThreadFuture<>& future) {
    cancelled = future.cancelled();
  });
  loop.close();
  EXPECT_TRUE(cancelled);
}

// --- the end of the loop ---------------------------------------------------------------------------------------------

TEST_F(ThreadFutures, a_loop_that_closes_before_the_coroutine_begins_cancels_the_future) {
  auto argument = std::make_shared<int>(0);
  auto body = [](std::shared_ptr<int>) -> Coro<> { co_return; };
  ThreadFuture<> future = run_coroutine_threadsafe(body(argument), loop);
  EXPECT_EQ(argument.use_count(), 2);
  loop.close();
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(argument.use_count(), 1);
}

TEST_F(ThreadFutures, a_loop_that_closes_while_the_coroutine_runs_cancels_the_future_and_reports_the_task) {
  ThreadFuture<> future = run_coroutine_threadsafe(waits_for_ever(), loop, named("unfinished"));
  loop.turn(2);
  loop.close();
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(loop.take_report().task, "unfinished");
}

TEST_F(ThreadFutures, a_value_that_is_there_when_the_loop_closes_is_not_lost) {
  auto stops = [](EventLoop& own) -> Coro<int> {
    own.stop();
    co_return 7;
  };
  ThreadFuture<int> future = run_coroutine_threadsafe(stops(loop), loop);
  loop.run_forever();
  loop.close();
  ASSERT_FALSE(future.cancelled());
  EXPECT_EQ(future.result(), 7);
}

TEST_F(ThreadFutures, a_failure_that_is_there_when_the_loop_closes_reaches_the_thread) {
  auto stops = [](EventLoop& own) -> Coro<> {
    own.stop();
    throw std::runtime_error("at the end");
    co_return;
  };
  ThreadFuture<> future = run_coroutine_threadsafe(stops(loop), loop);
  loop.run_forever();
  loop.close();
  EXPECT_EQ(loop.take_report().message, "ThreadFuture exception was never retrieved");
  EXPECT_EQ(thrown<std::runtime_error>([&] { future.result(); }), "at the end");
}

TEST_F(ThreadFutures, a_cancel_that_the_loop_did_not_see_before_it_closed_is_kept_in_the_books) {
  ThreadFuture<> future = run_coroutine_threadsafe(waits_for_ever(), loop, named("unfinished"));
  loop.turn(2);
  EXPECT_TRUE(future.cancel());
  loop.close();
  EXPECT_EQ(loop.take_report().task, "unfinished");
}

TEST_F(ThreadFutures, a_loop_that_is_destroyed_ends_the_wait_of_a_thread) {
  auto own = std::make_unique<TestLoop>();
  ThreadFuture<> future = run_coroutine_threadsafe(waits_for_ever(), *own);
  own->turn(2);
  std::exception_ptr error;
  std::thread waiting([&] { error = caught([&] { future.result(); }); });
  own->set_exception_handler([](EventLoop&, const ErrorContext&) {});
  own.reset();
  waiting.join();
  EXPECT_NE(find<CancelledError>(error), nullptr);
}

TEST_F(ThreadFutures, handles_may_outlive_the_loop) {
  auto own = std::make_unique<TestLoop>();
  ThreadFuture<int> future = run_coroutine_threadsafe(returns(7), *own);
  own->turn(4);
  own.reset();
  in_thread([&] {
    EXPECT_EQ(future.result(), 7);
    EXPECT_FALSE(future.cancel());
    ThreadFuture<int> copy = future;
  });
}

TEST_F(ThreadFutures, the_last_handle_may_go_on_another_thread_while_the_coroutine_runs) {
  std::atomic<bool> ended{false};
  auto body = [](EventLoop& own, std::atomic<bool>& flag) -> Coro<> {
    co_await turns(100);
    flag = true;
    own.stop();
  };
  std::thread thread([&] { run_coroutine_threadsafe(body(loop, ended), loop); });
  loop.run_forever();
  thread.join();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace heed::test

// Handing coroutines to a loop that runs in another thread.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "heed/core/context.hpp"
#include "heed/threads/thread_future.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class RunCoroutineThreadsafe : public RealLoopTest {
 protected:
  // Runs the loop until all of these threads have returned.
  template <class F>
  void run_beside(int threads, F function) {
    std::atomic<int> left{threads};
    std::vector<std::thread> pool;
    for (int i = 0; i < threads; ++i)
      pool.emplace_back([this, &function, &left, i] {
        function(i);
        if (--left == 0) loop.call_soon_threadsafe([this] { loop.stop(); });
      });
    loop.run_forever();
    for (std::thread& thread : pool) thread.join();
  }
};

Coro<int> adds_after_turns(int a, int b) {
  co_await turns(2);
  co_return a + b;
}

TEST_F(RunCoroutineThreadsafe, a_closed_loop_refuses_and_the_coroutine_is_destroyed) {
  auto argument = std::make_shared<int>(0);
  auto body = [](std::shared_ptr<int>) -> Coro<> { co_return; };
  loop.close();
  EXPECT_EQ(thrown<std::runtime_error>([&] { run_coroutine_threadsafe(body(argument), loop); }),
            "Event loop is closed");
  EXPECT_EQ(argument.use_count(), 1);
}

TEST_F(RunCoroutineThreadsafe, a_coroutine_that_was_moved_from_is_refused_at_the_call) {
  Coro<> coro = turns(1);
  Coro<> moved = std::move(coro);
  EXPECT_THROW(run_coroutine_threadsafe(std::move(coro), loop), InvalidStateError);
  run_coroutine_threadsafe(std::move(moved), loop);
  loop.turn(4);
}

TEST_F(RunCoroutineThreadsafe, a_null_function_is_refused_at_the_call) {
  std::function<Coro<>()> null;
  EXPECT_THROW(run_coroutine_threadsafe(null, loop), std::invalid_argument);
}

TEST_F(RunCoroutineThreadsafe, a_callable_that_throws_instead_of_making_its_coroutine_fails_the_future) {
  auto make = []() -> Coro<int> { throw std::runtime_error("no coroutine"); };
  ThreadFuture<int> future = run_coroutine_threadsafe(make, loop);
  loop.turn(4);
  EXPECT_EQ(thrown<std::runtime_error>([&] { future.result(); }), "no coroutine");
}

TEST_F(RunCoroutineThreadsafe, a_task_factory_that_throws_fails_the_future) {
  loop.set_task_factory([](EventLoop&, TaskOptions&) { throw std::runtime_error("no task"); });
  ThreadFuture<> future = run_coroutine_threadsafe(turns(1), loop);
  loop.turn(2);
  EXPECT_EQ(thrown<std::runtime_error>([&] { future.result(); }), "no task");
  loop.turn();
  EXPECT_EQ(loop.failures().failures().reported, 0u);
}

TEST_F(RunCoroutineThreadsafe, a_task_factory_that_throws_is_reported_when_nobody_reads_it) {
  loop.set_task_factory([](EventLoop&, TaskOptions&) { throw std::runtime_error("no task"); });
  run_coroutine_threadsafe(turns(1), loop);
  loop.turn(3);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: no task");
}

TEST_F(RunCoroutineThreadsafe, the_coroutine_runs_on_the_thread_of_the_loop) {
  auto where = []() -> Coro<std::thread::id> { co_return std::this_thread::get_id(); };
  std::thread::id ran_on;
  run_beside(1, [&](int) { ran_on = run_coroutine_threadsafe(where(), loop).result(); });
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(RunCoroutineThreadsafe, the_coroutine_waits_until_the_loop_runs) {
  ThreadFuture<int> future = run_coroutine_threadsafe(adds_after_turns(1, 2), loop);
  EXPECT_FALSE(future.done());
  loop.turn(6);
  EXPECT_EQ(future.result(), 3);
}

TEST_F(RunCoroutineThreadsafe, the_task_has_the_name_that_was_given) {
  auto own_name = []() -> Coro<std::string> { co_return current_task().name(); };
  ThreadFuture<std::string> future = run_coroutine_threadsafe(own_name(), loop, named("from outside"));
  loop.turn(4);
  EXPECT_EQ(future.result(), "from outside");
}

TEST_F(RunCoroutineThreadsafe, the_task_runs_in_a_copy_of_the_context_of_the_calling_thread) {
  ContextVar<int> number("number", 0);
  auto reads_and_sets = [](ContextVar<int>& variable) -> Coro<int> {
    int seen = variable.get();
    variable.set(99);
    co_return seen;
  };
  int after = -1;
  ThreadFuture<int>* future = nullptr;
  std::thread([&] {
    number.set(3);
    future = new ThreadFuture<int>(run_coroutine_threadsafe(reads_and_sets(number), loop));
    after = number.get();
  }).join();
  std::unique_ptr<ThreadFuture<int>> owned(future);
  loop.turn(4);
  EXPECT_EQ(owned->result(), 3);
  EXPECT_EQ(after, 3);
  EXPECT_EQ(number.get(), 0);
}

TEST_F(RunCoroutineThreadsafe, a_callable_and_its_captures_live_until_the_coroutine_ends) {
  auto captured = std::make_shared<int>(7);
  auto body = [captured]() -> Coro<int> {
    co_await turns(2);
    co_return *captured;
  };
  ThreadFuture<int> future = run_coroutine_threadsafe(std::move(body), loop);
  EXPECT_EQ(captured.use_count(), 2);
  loop.turn(6);
  EXPECT_EQ(future.result(), 7);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(RunCoroutineThreadsafe, every_object_that_travels_is_destroyed_once) {
  int before = Counted::live;
  {
    auto passes = [](Counted value) -> Coro<Counted> { co_return std::move(value); };
    ThreadFuture<Counted> future = run_coroutine_threadsafe(passes(Counted(5)), loop);
    loop.turn(4);
    EXPECT_EQ(future.result().value, 5);
    EXPECT_EQ(std::move(future).result().value, 5);
  }
  EXPECT_EQ(Counted::live, before);
}

TEST_F(RunCoroutineThreadsafe, submissions_of_one_thread_begin_in_the_order_of_their_calls) {
  std::vector<int> order;
  auto notes = [](std::vector<int>& list, int number) -> Coro<> {
    list.push_back(number);
    co_return;
  };
  for (int i = 0; i < 100; ++i) run_coroutine_threadsafe(notes(order, i), loop);
  loop.turn(4);
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(RunCoroutineThreadsafe, many_threads_get_their_own_results) {
  constexpr int threads = 4, each = 100;
  std::atomic<int> right{0};
  run_beside(threads, [&](int thread) {
    for (int i = 0; i < each; ++i)
      if (run_coroutine_threadsafe(adds_after_turns(thread * each, i), loop).result() == thread * each + i) ++right;
  });
  EXPECT_EQ(right, threads * each);
}

TEST_F(RunCoroutineThreadsafe, of_many_threads_each_failure_is_read_or_reported) {
  constexpr int threads = 4, each = 100;
  std::size_t reports = 0;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
  std::atomic<std::size_t> read{0};
  run_beside(threads, [&](int) {
    for (int i = 0; i < each; ++i) {
      ThreadFuture<> future = run_coroutine_threadsafe(i % 3 == 0 ? fails() : fails_later(), loop);
      if (i % 2 == 0 && future.exception()) ++read;
    }
  });
  loop.turn(5);
  EXPECT_EQ(read, threads * each / 2u);
  EXPECT_EQ(reports, threads * each / 2u);
}

TEST_F(RunCoroutineThreadsafe, of_many_threads_cancels_race_with_results_and_nothing_is_lost) {
  constexpr int threads = 4, each = 100;
  std::atomic<int> cancelled{0}, finished{0};
  run_beside(threads, [&](int) {
    for (int i = 0; i < each; ++i) {
      ThreadFuture<int> future = run_coroutine_threadsafe(adds_after_turns(i, 1), loop);
      if (i % 2 == 0) std::this_thread::yield();
      if (future.cancel()) {
        EXPECT_THROW(future.result(), CancelledError);
        ++cancelled;
      } else {
        EXPECT_EQ(future.result(), i + 1);
        ++finished;
      }
    }
  });
  loop.turn(5);
  EXPECT_EQ(cancelled + finished, threads * each);
}

TEST_F(RunCoroutineThreadsafe, threads_that_submit_while_the_loop_closes_get_an_answer) {
  for (int round = 0; round < 20; ++round) {
    TestLoop closing;
    closing.set_exception_handler([](EventLoop&, const ErrorContext&) {});
    std::atomic<bool> started{false};
    std::vector<ThreadFuture<>> futures;
    std::thread thread([&] {
      try {
        for (;;) {
          futures.push_back(run_coroutine_threadsafe(waits_for_ever(), closing));
          started = true;
        }
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "Event loop is closed");
      }
    });
    while (!started) std::this_thread::yield();
    closing.turn(2);
    closing.close();
    thread.join();
    for (ThreadFuture<>& future : futures) EXPECT_TRUE(future.cancelled());
    EXPECT_EQ(closing.failures().failures().live, 0u);
  }
}

TEST_F(RunCoroutineThreadsafe, a_thread_that_waits_for_a_failing_coroutine_does_not_see_it_reported) {
  std::size_t reports = 0;
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { ++reports; });
  run_beside(2, [&](int) {
    for (int i = 0; i < 100; ++i) EXPECT_THROW(run_coroutine_threadsafe(fails(), loop).result(), std::runtime_error);
  });
  EXPECT_EQ(reports, 0u);
}

}  // namespace
}  // namespace heed::test

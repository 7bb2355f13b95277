// What other threads may do to a loop.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Threadsafe : public LoopTest {
 protected:
  // Runs the loop until a callback stops it; while it runs, `function` runs on another thread.
  template <class F>
  void run_beside(F function) {
    VirtualTime::ExpectWake expected(time);
    std::thread thread;
    loop.call_soon([&] { thread = std::thread(std::move(function)); });
    loop.run_forever();
    thread.join();
  }
};

TEST_F(Threadsafe, a_callback_from_another_thread_wakes_the_loop_and_runs_on_its_thread) {
  std::thread::id ran_on;
  run_beside([&] {
    loop.call_soon_threadsafe([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(Threadsafe, callbacks_of_one_thread_run_in_the_order_of_their_calls) {
  std::vector<int> order;
  run_beside([&] {
    for (int i = 0; i < 1000; ++i) loop.call_soon_threadsafe([&order, i] { order.push_back(i); });
    loop.call_soon_threadsafe([&] { loop.stop(); });
  });
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[i], i);
}

TEST_F(Threadsafe, callbacks_of_many_threads_all_run) {
  constexpr int threads = 8, each = 500;
  int ran = 0;
  VirtualTime::ExpectWake expected(time);
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) {
    pool.emplace_back([&] {
      for (int j = 0; j < each; ++j)
        loop.call_soon_threadsafe([&] {
          if (++ran == threads * each) loop.stop();
        });
    });
  }
  loop.run_forever();
  for (std::thread& thread : pool) thread.join();
  EXPECT_EQ(ran, threads * each);
}

TEST_F(Threadsafe, what_is_posted_before_the_loop_runs_waits_for_it) {
  bool ran = false;
  std::thread([&] { loop.call_soon_threadsafe([&] { ran = true; }); }).join();
  EXPECT_FALSE(ran);
  loop.turn();
  EXPECT_TRUE(ran);
}

TEST_F(Threadsafe, it_may_be_called_on_the_loops_own_thread_too) {
  bool ran = false;
  loop.call_soon([&] { loop.call_soon_threadsafe([&] { ran = true; }); });
  loop.turn(2);
  EXPECT_TRUE(ran);
}

TEST_F(Threadsafe, one_that_throws_is_reported_like_any_callback) {
  std::thread([&] { loop.call_soon_threadsafe([] { throw std::runtime_error("from outside"); }); }).join();
  loop.turn();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: from outside");
  EXPECT_TRUE(contains(report.handle, "threadsafe_test.cpp"));
}

TEST_F(Threadsafe, after_the_close_it_is_refused_and_its_captures_are_dropped) {
  auto captured = std::make_shared<int>(1);
  loop.close();
  std::thread([&] {
    EXPECT_EQ(thrown<std::runtime_error>([&] { loop.call_soon_threadsafe([captured] {}); }), "Event loop is closed");
  }).join();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(Threadsafe, what_is_posted_and_never_ran_is_dropped_by_the_close) {
  auto captured = std::make_shared<int>(1);
  std::thread([&] { loop.call_soon_threadsafe([captured] {}); }).join();
  EXPECT_EQ(captured.use_count(), 2);
  loop.close();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(Threadsafe, posting_while_the_loop_is_closed_either_works_or_is_refused) {
  for (int round = 0; round < 50; ++round) {
    TestLoop closing(time);
    std::atomic<bool> started{false};
    std::thread thread([&] {
      try {
        for (;;) {
          closing.call_soon_threadsafe([] {});
          started = true;
        }
      } catch (const std::runtime_error&) {
        started = true;
      }
    });
    while (!started) std::this_thread::yield();
    closing.close();
    thread.join();
  }
}

TEST_F(Threadsafe, a_task_is_cancelled_from_outside_through_the_loop) {
  Task<> task = loop.create_task(waits_for_ever());
  task.add_done_callback([&] { loop.stop(); });
  run_beside([&] { loop.call_soon_threadsafe([&] { task.cancel("from outside"); }); });
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Threadsafe, the_last_handle_of_a_failed_task_dropped_on_another_thread_posts_its_report_home) {
  std::thread::id reported_on;
  auto task = std::make_shared<Task<>>(loop.create_task(fails("abroad")));
  loop.turn();
  loop.set_exception_handler([&](EventLoop&, const ErrorContext& context) {
    loop.reports.emplace_back(context);
    reported_on = std::this_thread::get_id();
    loop.stop();
  });
  run_beside([handle = std::move(*task)]() mutable { handle = {}; });
  EXPECT_EQ(reported_on, std::this_thread::get_id());
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: abroad");
}

TEST_F(Threadsafe, a_context_may_travel_to_another_thread) {
  ContextVar<int> number("number", 0);
  Context context;
  context.run([&] { number.set(3); });
  int seen = 0;
  std::thread([&] { seen = context.run([&] { return number.get(); }); }).join();
  EXPECT_EQ(seen, 3);
}

TEST_F(Threadsafe, each_thread_may_run_its_own_loop) {
  std::vector<int> results(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&results, i] {
      VirtualTime own_time;
      EventLoop own(own_time.make_poller(), own_time);
      auto body = [](int value) -> Coro<int> {
        for (int turn = 0; turn < 100; ++turn) co_await sleep(1s);
        co_return value;
      };
      results[i] = own.run_until_complete(body(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(results, (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(Threadsafe, a_loop_may_be_handed_to_another_thread_between_runs) {
  EXPECT_EQ(loop.run_until_complete(returns(1)), 1);
  int value = 0;
  std::thread([&] { value = loop.run_until_complete(returns(2)); }).join();
  EXPECT_EQ(value, 2);
  EXPECT_EQ(loop.run_until_complete(returns(3)), 3);
}

}  // namespace
}  // namespace heed::test

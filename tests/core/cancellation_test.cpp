// Cancellation of tasks, rule by rule as asyncio has it (F1 - F28 of its semantics).
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Cancellation : public LoopTest {
 protected:
  std::vector<std::string> log;

  // Writes down how a wait of 1 s ends, and hands a cancellation on.
  Coro<> noting_sleep(std::string name) {
    try {
      co_await sleep(1s);
      log.push_back(name + " slept");
    } catch (const CancelledError& error) {
      log.push_back(name + " cancelled " + error.what());
      throw;
    }
  }
};

TEST_F(Cancellation, cancelling_a_finished_task_is_refused) {
  Task<int> task = loop.create_task(returns(1));
  loop.turn();
  EXPECT_FALSE(task.cancel());
  EXPECT_EQ(task.cancelling(), 0);
  EXPECT_EQ(task.result(), 1);
}

TEST_F(Cancellation, a_request_raises_cancelled_error_at_the_await) {
  Task<> task = loop.create_task(noting_sleep("task"));
  loop.turn();
  EXPECT_TRUE(task.cancel("stop"));
  EXPECT_FALSE(task.cancelled());  // it is a request: nothing has happened yet
  EXPECT_EQ(task.cancelling(), 1);
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(log, std::vector<std::string>{"task cancelled stop"});
}

TEST_F(Cancellation, the_body_of_a_task_that_is_cancelled_before_its_first_step_never_runs) {
  Task<> task = loop.create_task(noting_sleep("task"));
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_TRUE(log.empty());
}

TEST_F(Cancellation, the_result_of_a_cancelled_task_throws_cancelled_error_with_the_message) {
  Task<> task = loop.create_task(sleeps(1s));
  loop.turn();
  task.cancel("why");
  loop.turn();
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "why");
  EXPECT_EQ(thrown<CancelledError>([&] { task.exception(); }), "why");
}

TEST_F(Cancellation, a_request_is_forwarded_to_the_innermost_task_and_comes_back_out) {
  Task<> inner = loop.create_task(noting_sleep("inner"));
  auto body = [&]() -> Coro<> {
    try {
      co_await inner;
    } catch (const CancelledError& error) {
      log.push_back(std::string("outer cancelled ") + error.what());
      throw;
    }
  };
  Task<> outer = loop.create_task(body);
  loop.turn();
  outer.cancel("stop");
  EXPECT_EQ(outer.cancelling(), 1);
  EXPECT_EQ(inner.cancelling(), 1);
  loop.turn(2);
  EXPECT_EQ(log, (std::vector<std::string>{"inner cancelled stop", "outer cancelled stop"}));
  EXPECT_TRUE(inner.cancelled());
  EXPECT_TRUE(outer.cancelled());
}

TEST_F(Cancellation, an_inner_task_that_refuses_lets_the_outer_one_go_on) {
  auto stubborn = []() -> Coro<int> {
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
    }
    co_return 7;
  };
  Task<int> inner = loop.create_task(stubborn());
  auto body = [&]() -> Coro<int> {
    int value = co_await inner;
    co_return value + 1;
  };
  Task<int> outer = loop.create_task(body);
  loop.turn();
  outer.cancel();
  loop.turn(2);
  EXPECT_EQ(inner.result(), 7);
  EXPECT_EQ(outer.result(), 8);
  EXPECT_EQ(outer.cancelling(), 1);
}

TEST_F(Cancellation, a_shared_plain_future_is_cancelled_with_one_of_its_waiters) {
  Future<> future = loop.create_future<>();
  Task<> first = loop.create_task(waits_for(future));
  Task<> second = loop.create_task(waits_for(future));
  loop.turn();
  first.cancel("stop");
  EXPECT_TRUE(future.cancelled());
  loop.turn();
  EXPECT_TRUE(first.cancelled());
  EXPECT_TRUE(second.cancelled());
  EXPECT_EQ(first.cancelling(), 1);
  EXPECT_EQ(second.cancelling(), 0);
}

TEST_F(Cancellation, a_value_is_kept_when_the_task_returns_without_another_await) {
  auto body = []() -> Coro<int> {
    current_task().cancel();
    co_return 42;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 42);  // asyncio loses it
}

TEST_F(Cancellation, a_value_is_kept_when_the_request_comes_after_the_last_await) {
  Task<int> task;
  auto body = []() -> Coro<int> {
    co_await yield_now();
    co_return 42;
  };
  task = loop.create_task(body());
  loop.turn();
  loop.turn();
  EXPECT_FALSE(task.cancel());
  EXPECT_EQ(task.result(), 42);
}

TEST_F(Cancellation, an_exception_wins_over_a_request_that_was_not_delivered) {
  auto body = []() -> Coro<> {
    current_task().cancel();
    throw std::runtime_error("mine");
    co_return;
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(describe(task.exception()), "std::runtime_error: mine");
}

TEST_F(Cancellation, a_task_that_cancels_itself_runs_on_to_its_next_await) {
  auto body = [this]() -> Coro<> {
    current_task().cancel("self");
    log.push_back("on");
    co_await sleep(1s);
    log.push_back("not reached");
  };
  Task<> task = loop.create_task(body);
  loop.turn(2);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(log, std::vector<std::string>{"on"});
}

TEST_F(Cancellation, an_undelivered_request_cancels_the_future_that_is_awaited_next) {
  Future<> future = loop.create_future<>();
  auto body = [&]() -> Coro<> {
    current_task().cancel("self");
    co_await future;
  };
  Task<> task = loop.create_task(body);
  loop.turn(2);
  EXPECT_TRUE(future.cancelled());
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Cancellation, awaiting_something_finished_does_not_deliver_a_request) {
  Future<int> ready = loop.create_future<int>();
  ready.set_result(3);
  auto body = [&]() -> Coro<int> {
    current_task().cancel();
    int value = co_await ready;
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 3);
}

TEST_F(Cancellation, a_request_in_the_tick_of_the_result_takes_its_place) {
  Future<int> future = loop.create_future<int>();
  auto body = [&]() -> Coro<int> {
    int value = co_await future;
    co_return value;
  };
  Task<int> task = loop.create_task(body);
  loop.turn();
  future.set_result(1);
  EXPECT_TRUE(task.cancel());
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(future.result(), 1);  // and nothing is lost
}

TEST_F(Cancellation, a_failure_that_a_request_overtook_is_not_lost) {
  Task<> inner = loop.create_task(fails_later("real"));
  Task<> outer = loop.create_task(waits_for<void>(inner));
  inner.add_done_callback([&] { outer.cancel(); });
  loop.turn(3);
  EXPECT_TRUE(outer.cancelled());
  EXPECT_EQ(loop.failures().failures().live, 1u);  // asyncio forgets it here
  inner = {};
  outer = {};
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: real");
}

TEST_F(Cancellation, swallowing_the_error_refuses_the_request) {
  auto body = [this]() -> Coro<int> {
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
      log.push_back("swallowed");
    }
    co_await sleep(1s);
    co_return current_task().cancelling();
  };
  Task<int> task = loop.create_task(body);
  loop.turn();
  task.cancel();
  EXPECT_EQ(loop.run_until_complete(task), 1);  // the count stays
  EXPECT_EQ(log, std::vector<std::string>{"swallowed"});
}

TEST_F(Cancellation, a_second_request_interrupts_the_cleanup) {
  auto body = [this]() -> Coro<> {
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
    }
    try {
      co_await sleep(1s);  // the cleanup
    } catch (const CancelledError&) {
      log.push_back("cleanup interrupted");
      throw;
    }
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_FALSE(task.done());  // cleanup may await: it is done only afterwards
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(log, std::vector<std::string>{"cleanup interrupted"});
}

TEST_F(Cancellation, several_requests_in_one_tick_raise_one_error) {
  auto body = [this]() -> Coro<> {
    for (int i = 0; i < 2; ++i) {
      Outcome<void> slept = co_await as_result(sleep(1s));
      log.push_back(slept.cancelled() ? "cancelled" : "slept");
    }
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(task.cancel());
  EXPECT_EQ(task.cancelling(), 2);
  loop.run_for(2s);
  EXPECT_EQ(log, (std::vector<std::string>{"cancelled", "slept"}));
}

TEST_F(Cancellation, an_exception_while_unwinding_replaces_the_cancellation) {
  auto body = []() -> Coro<> {
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
      throw std::runtime_error("cleanup failed");
    }
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(describe(task.exception()), "std::runtime_error: cleanup failed");
}

TEST_F(Cancellation, a_task_that_raises_cancelled_error_by_hand_is_cancelled) {
  Task<> task = loop.create_task(throws(std::make_exception_ptr(CancelledError("by hand"))));
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(thrown<CancelledError>([&] { task.result(); }), "by hand");
}

TEST_F(Cancellation, cancelling_tells_ones_own_cancellation_from_a_childs) {
  Task<> child = loop.create_task(sleeps(1s));
  int own = -1;
  auto body = [&]() -> Coro<> {
    try {
      co_await child;
    } catch (const CancelledError&) {
      own = current_task().cancelling();
    }
  };
  Task<> parent = loop.create_task(body);
  loop.turn();
  child.cancel();
  loop.turn(2);
  EXPECT_EQ(own, 0);
  EXPECT_TRUE(parent.done());
}

TEST_F(Cancellation, catching_std_exception_does_not_swallow_a_request) {
  auto body = [this]() -> Coro<> {
    try {
      co_await sleep(1s);
    } catch (const std::exception&) {
      log.push_back("swallowed");
    }
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
  EXPECT_TRUE(log.empty());
}

TEST_F(Cancellation, a_cancelled_sleep_leaves_no_timer_behind) {
  Task<> task = loop.create_task(sleeps(1h));
  loop.turn();
  task.cancel();
  loop.turn();
  TimePoint start = time.now();
  loop.run_for(1s);
  EXPECT_EQ(time.now() - start, 1s);
}

}  // namespace
}  // namespace heed::test

// Results and tasks in the order in which they end.
#include "heed/flow/as_completed.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "heed/failure/exceptions.hpp"
#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class AsCompletedTest : public LoopTest {
 protected:
  static Coro<int> value_after(int n) {
    co_await turns(n);
    co_return n;
  }
  static Coro<int> fails_after(int n) {
    co_await turns(n);
    throw std::runtime_error("work " + std::to_string(n));
    co_return 0;
  }
  static Coro<int> value_in(Duration delay, int value) {
    co_await sleep(delay);
    co_return value;
  }
  // What the steps of the iteration give, errors included.
  template <class Handle>
  static Coro<std::string> steps(AsCompleted<Handle> iteration) {
    std::string seen;
    for (Coro<int> next : iteration) {
      Outcome<int> outcome = co_await as_result(std::move(next));
      seen += (outcome.exception() ? describe(outcome.exception()) : std::to_string(outcome.value())) + " ";
    }
    co_return seen;
  }
  static std::vector<Coro<int>> three() {
    std::vector<Coro<int>> coros;
    for (int n : {5, 1, 3}) coros.push_back(value_after(n));
    return coros;
  }
};

TEST_F(AsCompletedTest, a_failure_is_raised_by_the_step_at_which_it_completes_and_the_iteration_goes_on) {
  auto body = [&]() -> Coro<std::string> {
    co_return co_await steps(as_completed(value_after(5), value_after(1), fails_after(3)));
  };
  EXPECT_EQ(loop.run_until_complete(body()), "1 std::runtime_error: work 3 5 ");
  EXPECT_EQ(loop.failures().failures().retrieved, 1u);
}

TEST_F(AsCompletedTest, a_task_that_was_cancelled_raises_at_its_step) {
  auto body = []() -> Coro<std::string> {
    Task<int> task = create_task(value_after(3));
    task.cancel("gone");
    co_return co_await steps(as_completed(value_after(2), task));
  };
  EXPECT_EQ(loop.run_until_complete(body()), "heed::CancelledError: gone 2 ");
}

TEST_F(AsCompletedTest, every_step_that_is_left_after_the_timeout_raises_it) {
  auto body = [&]() -> Coro<std::string> {
    std::vector<Task<int>> tasks;
    for (int i = 1; i <= 4; ++i) tasks.push_back(create_task(value_in(i * 1s, i)));
    std::string seen = co_await steps(as_completed(tasks, 2500ms));
    for (Task<int>& task : tasks) seen += task.cancelled() ? "cancelled " : task.done() ? "done " : "goes-on ";
    co_return seen;
  };
  std::string late = "heed::TimeoutError: " + std::string(TimeoutError().what()) + " ";
  EXPECT_EQ(loop.run_until_complete(body()), "1 2 " + late + late + "done done goes-on goes-on ");
  loop.run_for(10s);
}

TEST_F(AsCompletedTest, the_timeout_counts_from_the_call_not_from_the_step) {
  auto body = [&]() -> Coro<std::string> {
    AsCompleted<Task<int>> iteration = as_completed(2s, value_in(3s, 3));
    co_await sleep(2500ms);
    co_return co_await steps(std::move(iteration));
  };
  EXPECT_TRUE(contains(loop.run_until_complete(body()), "TimeoutError"));
  loop.run_for(10s);
}

TEST_F(AsCompletedTest, what_was_done_before_the_timeout_is_given_after_it) {
  auto body = [&]() -> Coro<std::string> {
    AsCompleted<Task<int>> iteration = as_completed(2s, value_in(1s, 1), value_in(3s, 3));
    co_await sleep(4s);
    co_return co_await steps(std::move(iteration));
  };
  EXPECT_EQ(loop.run_until_complete(body()).substr(0, 7), "1 heed:");
}

TEST_F(AsCompletedTest, next_throws_when_the_time_is_over_and_ends_after_as_many_steps) {
  auto body = [&]() -> Coro<int> {
    auto iteration = as_completed(1s, value_in(2s, 2), value_in(3s, 3));
    int timeouts = 0;
    for (;;) {
      auto outcome = co_await as_result(iteration.next());
      if (outcome.exception()) {
        EXPECT_TRUE(find<TimeoutError>(outcome.exception()));
        ++timeouts;
        continue;
      }
      if (!outcome.value()) break;
      ADD_FAILURE() << "a task after the timeout";
    }
    co_return timeouts;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 2);
  loop.run_for(10s);
}

TEST_F(AsCompletedTest, a_failure_that_was_not_handed_out_is_reported_when_the_iteration_goes) {
  auto body = [&]() -> Coro<> {
    auto iteration = as_completed(value_after(1), fails_after(2));
    for (Coro<int> next : iteration) {
      co_await std::move(next);
      break;
    }
    co_await turns(5);
    EXPECT_TRUE(loop.reports.empty());
  };
  loop.run_until_complete(body());
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: work 2");
}

TEST_F(AsCompletedTest, leaving_early_leaves_the_tasks_running_and_no_callbacks_behind) {
  auto body = [&]() -> Coro<> {
    Future<int> never = loop.create_future<int>();
    for (Coro<int> next : as_completed(Future<int>(create_task(value_after(1))), never)) {
      co_await std::move(next);
      break;
    }
    EXPECT_FALSE(never.cancelled());
    EXPECT_EQ(never.state().references(), 1u);
    never.set_result(1);
  };
  loop.run_until_complete(body());
}

TEST_F(AsCompletedTest, a_cancelled_step_takes_nothing_away) {
  auto body = [&]() -> Coro<std::string> {
    AsCompleted<Task<int>> iteration = as_completed(value_in(1s, 1), value_in(2s, 2));
    auto first = [&]() -> Coro<> { co_await iteration.next(); };
    Task<> taker = create_task(first);
    co_await turns(2);
    taker.cancel();
    auto outcome = co_await as_result(taker);
    EXPECT_TRUE(outcome.cancelled());
    co_return co_await steps(std::move(iteration));
  };
  EXPECT_EQ(loop.run_until_complete(body()), "1 2 ");
}

TEST_F(AsCompletedTest, a_taker_that_is_cancelled_when_it_was_its_turn_leaves_it_to_the_next) {
  auto body = [&]() -> Coro<int> {
    Future<int> one = loop.create_future<int>();
    Future<int> never = loop.create_future<int>();
    AsCompleted<Future<int>> iteration = as_completed(one, never);
    auto take = [&]() -> Coro<int> {
      Future<int> future = co_await iteration.next();
      co_return future.result();
    };
    Task<int> first = create_task(take);
    Task<int> second = create_task(take);
    co_await turns(2);
    one.set_result(7);
    co_await turns(1);  // the callback has woken the first one, which did not run yet
    first.cancel();
    int value = co_await second;
    EXPECT_TRUE(first.cancelled());
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 7);
}

TEST_F(AsCompletedTest, futures_of_another_loop_are_refused) {
  VirtualTime other_time;
  EventLoop other(other_time.make_poller(), other_time);
  Future<int> foreign = other.create_future<int>();
  auto body = [&]() -> Coro<> {
    EXPECT_TRUE(contains(thrown<std::invalid_argument>([&] { auto it = as_completed(foreign); }), "different loop"));
    co_return;
  };
  loop.run_until_complete(body());
}

TEST_F(AsCompletedTest, without_a_running_loop_it_throws) {
  std::vector<Future<int>> futures;
  EXPECT_EQ(thrown<std::runtime_error>([&] { auto it = as_completed(futures); }), "no running event loop");
}

TEST_F(AsCompletedTest, results_come_in_the_order_of_completion) {
  auto body = [&]() -> Coro<std::string> { co_return co_await steps(as_completed(three())); };
  EXPECT_EQ(loop.run_until_complete(body()), "1 3 5 ");
}

TEST_F(AsCompletedTest, next_gives_the_tasks_themselves_with_their_failures_unread) {
  auto body = [&]() -> Coro<std::string> {
    std::vector<Task<int>> tasks{create_task(value_after(3)), create_task(fails_after(1)), create_task(value_after(2))};
    AsCompleted<Task<int>> done = as_completed(tasks);
    std::string seen;
    for (;;) {
      Task<int> task = co_await done.next();
      if (!task) break;
      for (std::size_t i = 0; i < tasks.size(); ++i)
        if (tasks[i] == task) seen += std::to_string(i);
    }
    EXPECT_EQ(loop.failures().failures().live, 1u);
    EXPECT_TRUE(tasks[1].exception());
    co_return seen;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "120");
}

TEST_F(AsCompletedTest, what_is_done_already_comes_in_the_order_of_the_arguments) {
  auto body = [&]() -> Coro<std::string> {
    Task<int> one = create_task(returns(1)), two = create_task(returns(2));
    co_await turns(3);
    co_return co_await steps(as_completed(two, one, create_task(value_after(2))));
  };
  EXPECT_EQ(loop.run_until_complete(body()), "2 1 2 ");
}

TEST_F(AsCompletedTest, the_same_future_twice_counts_once) {
  auto body = [&]() -> Coro<std::string> {
    Task<int> one = create_task(value_after(1));
    std::vector<Task<int>> tasks{one, one};
    co_return co_await steps(as_completed(tasks));
  };
  EXPECT_EQ(loop.run_until_complete(body()), "1 ");
}

TEST_F(AsCompletedTest, of_nothing_there_is_nothing) {
  auto body = [&]() -> Coro<> {
    std::vector<Task<int>> none;
    AsCompleted<Task<int>> iteration = as_completed(none, 1s);
    EXPECT_TRUE(iteration.begin() == iteration.end());
    Task<int> task = co_await iteration.next();
    EXPECT_FALSE(task);
  };
  loop.run_until_complete(body());
}

TEST_F(AsCompletedTest, arguments_of_several_types_give_handles_of_any_type) {
  auto body = [&]() -> Coro<std::string> {
    auto text = []() -> Coro<std::string> { co_return "text"; };
    AsCompleted<AnyFuture> iteration = as_completed(create_task(value_after(4)), text, sleep(1s), fails_later());
    std::string seen;
    for (Coro<> next : iteration) {
      auto outcome = co_await as_result(std::move(next));
      seen += outcome.exception() ? "failed " : "done ";
    }
    co_return seen;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "done failed done done ");
}

TEST_F(AsCompletedTest, a_step_that_gives_nothing_leaves_the_failures_in_a_result_to_whoever_reads_it) {
  auto body = []() -> Coro<int> {
    auto outcomes = try_gather(fails_after(1));
    int steps = 0;
    for (Coro<void> next : as_completed(AnyFuture(outcomes))) {
      co_await std::move(next);
      ++steps;
    }
    co_return steps;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1);
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: work 1");
}

TEST_F(AsCompletedTest, a_result_that_can_only_be_moved_is_moved_out) {
  auto body = []() -> Coro<int> {
    auto work = [](int n) -> Coro<std::unique_ptr<int>> {
      co_await turns(n);
      co_return std::make_unique<int>(n);
    };
    int sum = 0;
    for (Coro<std::unique_ptr<int>> next : as_completed(create_task(work(2)), create_task(work(1)))) {
      auto value = co_await std::move(next);
      sum = sum * 10 + *value;
    }
    co_return sum;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 12);
}

TEST_F(AsCompletedTest, several_tasks_share_one_iteration) {
  auto body = [&]() -> Coro<std::string> {
    AsCompleted<Task<int>> iteration = as_completed(three());
    std::string seen;
    auto take = [&]() -> Coro<> {
      for (;;) {
        Task<int> task = co_await iteration.next();
        if (!task) break;
        seen += std::to_string(task.result());
      }
    };
    Task<> first = create_task(take);
    Task<> second = create_task(take);
    co_await first;
    co_await second;
    co_return seen;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "135");
}

TEST_F(AsCompletedTest, an_iteration_may_outlive_its_loop) {
  std::optional<AsCompleted<Future<int>>> kept;
  Future<int> never = loop.create_future<int>();
  auto body = [&]() -> Coro<> {
    std::vector<Future<int>> futures{never};
    kept.emplace(as_completed(futures, 100s));
    co_return;
  };
  loop.run_until_complete(body());
  loop.close();
  kept.reset();
  EXPECT_EQ(never.state().references(), 1u);
}

TEST_F(AsCompletedTest, a_pending_iteration_is_destroyed_with_its_loop) {
  auto body = [&]() -> Coro<> {
    Future<int> never = loop.create_future<int>();
    std::vector<Future<int>> futures{never};
    for (Coro<int> next : as_completed(futures, 100s)) co_await std::move(next);
  };
  Task<> task = loop.create_task(body);
  loop.turn(5);
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
}

}  // namespace
}  // namespace heed::test

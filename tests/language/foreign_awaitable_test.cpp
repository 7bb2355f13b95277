// A coroutine that suspends without waiting for anything that the loop knows: reported, never a silent hang.
#include <gtest/gtest.h>

#include <coroutine>

#include "support/coroutines.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class ForeignAwaitables : public LoopTest {
  ExpectedLeak frames_;  // the frames are in an unknown state, so the loop leaves them alone
};

TEST_F(ForeignAwaitables, a_task_that_suspends_on_one_fails_with_got_bad_yield) {
  auto body = []() -> Coro<> { co_await std::suspend_always(); };
  Task<> task = loop.create_task(body(), named("lost"));
  loop.turn();
  ASSERT_TRUE(task.done());
  std::string text = describe(task.exception());
  EXPECT_TRUE(contains(text, "Task 'lost' got bad yield: ")) << text;
}

TEST_F(ForeignAwaitables, the_report_names_the_coroutine_that_it_happened_in) {
  struct Here {
    static Coro<> awaits_something_foreign() { co_await std::suspend_always(); }
  };
  Task<> task = loop.create_task(Here::awaits_something_foreign());
  loop.turn();
  std::string text = describe(task.exception());
  EXPECT_TRUE(contains(text, "awaits_something_foreign")) << text;
}

TEST_F(ForeignAwaitables, it_is_found_after_an_earlier_await_and_in_an_inner_coroutine) {
  auto inner = []() -> Coro<> {
    co_await yield_now();
    co_await std::suspend_always();
  };
  auto outer = [&]() -> Coro<> {
    co_await yield_now();
    co_await inner();
  };
  Task<> task = loop.create_task(outer);
  loop.turn(3);
  ASSERT_TRUE(task.done());
  EXPECT_TRUE(contains(describe(task.exception()), "got bad yield"));
}

// The frame that was resumed is gone then: it cannot be asked for its name.
TEST_F(ForeignAwaitables, it_is_found_after_an_inner_coroutine_has_finished) {
  auto inner = []() -> Coro<> { co_await yield_now(); };
  auto outer = [&]() -> Coro<> {
    co_await inner();
    co_await std::suspend_always();
  };
  Task<> task = loop.create_task(outer(), named("lost"));
  loop.turn(2);
  ASSERT_TRUE(task.done());
  std::string text = describe(task.exception());
  EXPECT_TRUE(contains(text, "Task 'lost' got bad yield: one of its coroutines suspended")) << text;
}

TEST_F(ForeignAwaitables, it_is_found_after_an_eager_task_has_suspended) {
  struct Here {
    static Coro<> turn() { co_await yield_now(); }
    static Coro<> awaits_something_foreign() {
      Task<> other = create_task(turn(), eager());
      co_await std::suspend_always();
    }
  };
  Task<> task = loop.create_task(Here::awaits_something_foreign());
  loop.turn(2);
  std::string text = describe(task.exception());
  EXPECT_TRUE(contains(text, "awaits_something_foreign")) << text;
}

TEST_F(ForeignAwaitables, without_a_handle_it_is_reported) {
  auto body = []() -> Coro<> { co_await std::suspend_always(); };
  loop.create_task(body());
  loop.turn();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.message, "Task exception was never retrieved");
  EXPECT_TRUE(contains(report.exception, "got bad yield"));
}

TEST_F(ForeignAwaitables, the_other_tasks_go_on) {
  auto body = []() -> Coro<> { co_await std::suspend_always(); };
  Task<> lost = loop.create_task(body());
  EXPECT_EQ(loop.run_until_complete(returns(1)), 1);
  EXPECT_TRUE(lost.exception());
  EXPECT_TRUE(all_tasks(loop).empty());
}

TEST_F(ForeignAwaitables, an_eager_task_that_suspends_on_one_fails_too) {
  auto body = []() -> Coro<> { co_await std::suspend_always(); };
  auto creator = [&]() -> Coro<bool> {
    Task<> task = create_task(body(), eager());
    bool failed = task.done() && task.exception();
    co_return failed;
  };
  EXPECT_TRUE(loop.run_until_complete(creator()));
}

TEST_F(ForeignAwaitables, one_that_does_not_suspend_is_harmless) {
  auto body = []() -> Coro<int> {
    co_await std::suspend_never();
    co_return 1;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1);
}

}  // namespace
}  // namespace heed::test

// Tasks whose body runs inside create_task() up to its first suspension.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Eager : public LoopTest {
 protected:
  std::string order;
};

TEST_F(Eager, the_body_runs_at_creation_up_to_its_first_suspension) {
  auto child = [&]() -> Coro<> {
    order += 'b';
    co_await yield_now();
    order += 'd';
  };
  auto body = [&]() -> Coro<> {
    order += 'a';
    Task<> task = create_task(child, eager());
    order += 'c';
    EXPECT_FALSE(task.done());
    co_await task;
    order += 'e';
  };
  loop.run_until_complete(body());
  EXPECT_EQ(order, "abcde");
}

TEST_F(Eager, a_task_that_never_suspends_is_born_done) {
  auto body = []() -> Coro<int> {
    Task<int> task = create_task(returns(3), eager());
    EXPECT_TRUE(task.done());
    int value = co_await task;
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 3);
}

TEST_F(Eager, a_failure_at_creation_is_kept_in_the_task) {
  auto body = []() -> Coro<std::string> {
    Task<> task = create_task(fails("early"), eager());
    EXPECT_TRUE(task.done());
    co_return describe(task.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: early");
}

TEST_F(Eager, a_failure_at_creation_without_a_handle_is_reported) {
  auto body = []() -> Coro<> {
    create_task(fails("early"), named("eager").eager());
    co_return;
  };
  loop.run_until_complete(body());
  EXPECT_EQ(loop.take_report().task, "eager");
}

TEST_F(Eager, the_current_task_and_the_context_are_swapped_and_swapped_back) {
  ContextVar<int> number("number", 0);
  std::string inner, before, after;
  auto child = [&]() -> Coro<> {
    inner = current_task().name();
    number.set(2);
    co_return;
  };
  auto body = [&]() -> Coro<> {
    number.set(1);
    before = current_task().name();
    create_task(child, named("inner").eager());
    after = current_task().name();
    EXPECT_EQ(number.get(), 1);
    co_return;
  };
  loop.create_task(body, named("outer"));
  loop.turn();
  EXPECT_EQ(inner, "inner");
  EXPECT_EQ(before, "outer");
  EXPECT_EQ(after, "outer");
}

TEST_F(Eager, created_outside_of_a_running_loop_it_starts_like_any_other) {
  Task<int> task = loop.create_task(returns(1), eager());
  EXPECT_FALSE(task.done());
  loop.turn();
  EXPECT_EQ(task.result(), 1);
}

TEST_F(Eager, created_by_a_callback_it_runs_at_once) {
  bool done = false;
  loop.call_soon([&] { done = create_task(returns(1), eager()).done(); });
  loop.turn();
  EXPECT_TRUE(done);
}

TEST_F(Eager, eager_tasks_may_be_nested) {
  std::function<Coro<int>(int)> nested = [&](int depth) -> Coro<int> {
    if (depth == 0) co_return 0;
    Task<int> task = create_task(nested(depth - 1), eager());
    int below = co_await task;
    co_return below + 1;
  };
  EXPECT_EQ(loop.run_until_complete(nested(100)), 100);
}

TEST_F(Eager, a_request_to_the_creator_is_not_delivered_to_the_eager_task) {
  bool inner_cancelled = false;
  auto child = [&]() -> Coro<> {
    Outcome<void> outcome = co_await as_result(sleep(1s));
    inner_cancelled = outcome.cancelled();
  };
  Task<> inner;
  auto body = [&]() -> Coro<> {
    current_task().cancel();
    inner = create_task(child, eager());
    co_await sleep(1s);
  };
  Task<> outer = loop.create_task(body);
  loop.run_for(2s);
  EXPECT_TRUE(outer.cancelled());
  EXPECT_TRUE(inner.done());
  EXPECT_FALSE(inner_cancelled);
}

TEST_F(Eager, all_completed_eager_tasks_leave_the_loop) {
  auto body = []() -> Coro<std::size_t> {
    for (int i = 0; i < 10; ++i) create_task(returns(i), eager());
    co_return all_tasks().size();
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1u);
}

TEST_F(Eager, the_eager_factory_makes_every_task_eager_until_it_is_taken_back) {
  auto body = [&]() -> Coro<> {
    running_loop().set_task_factory(eager_task_factory);
    EXPECT_TRUE(create_task(returns(1)).done());
    running_loop().set_task_factory(nullptr);
    EXPECT_FALSE(create_task(returns(1)).done());
    co_return;
  };
  loop.run_until_complete(body());
}

TEST_F(Eager, a_loop_that_closes_begins_no_task) {
  bool begun = false;
  struct AtExit {
    ~AtExit() {
      create_task(
          [](bool* flag) -> Coro<> {
            *flag = true;
            co_return;
          }(begun),
          eager());
    }
    bool* begun;
  };
  auto body = [&]() -> Coro<> {
    AtExit at_exit{&begun};
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  loop.close();
  EXPECT_FALSE(begun);
  EXPECT_EQ(loop.take_reports(2)[0].message, "Task was destroyed but it is pending!");
}

TEST_F(Eager, a_failure_of_a_task_that_the_factory_made_eager_is_kept_in_it) {
  loop.set_task_factory(eager_task_factory);
  auto body = [&]() -> Coro<std::string> {
    Task<> task = create_task(fails("early"));
    EXPECT_TRUE(task.done());
    co_return describe(task.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: early");
}

}  // namespace
}  // namespace heed::test

// Tasks: coroutines that the loop runs.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Tasks : public LoopTest {};

TEST_F(Tasks, creating_a_task_runs_nothing_before_the_next_iteration) {
  bool ran = false;
  auto body = [&]() -> Coro<> {
    ran = true;
    co_return;
  };
  Task<> task = loop.create_task(body);
  EXPECT_FALSE(ran);
  loop.turn();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(task.done());
}

TEST_F(Tasks, tasks_start_in_order_of_creation) {
  std::string order;
  auto body = [&](char name) -> Coro<> {
    order += name;
    co_return;
  };
  for (char name : {'a', 'b', 'c'}) loop.create_task(body(name));
  loop.turn();
  EXPECT_EQ(order, "abc");
}

TEST_F(Tasks, a_task_without_a_handle_runs_to_its_end) {
  int steps = 0;
  auto body = [&]() -> Coro<> {
    for (; steps < 3; ++steps) co_await sleep(1s);
  };
  loop.create_task(body);
  loop.run_for(10s);
  EXPECT_EQ(steps, 3);
}

TEST_F(Tasks, the_default_name_is_its_number) {
  Task<int> task = loop.create_task(returns(1));
  EXPECT_EQ(task.name(), "Task-" + std::to_string(task.id()));
  task.set_name("renamed");
  EXPECT_EQ(task.name(), "renamed");
  loop.turn();
}

TEST_F(Tasks, a_task_knows_its_name_and_its_place_of_creation) {
  unsigned line = __LINE__ + 1;
  Task<int> task = loop.create_task(returns(1), named("worker"));
  EXPECT_EQ(task.name(), "worker");
  EXPECT_EQ(task.created_at().line(), line);
  loop.turn();
}

TEST_F(Tasks, no_two_tasks_have_the_same_id) {
  Task<int> a = loop.create_task(returns(1)), b = loop.create_task(returns(1));
  EXPECT_NE(a.id(), b.id());
  loop.turn();
}

TEST_F(Tasks, the_current_task_is_known_in_its_steps_only) {
  AnyTask in_step, in_callback;
  auto body = [&]() -> Coro<> {
    in_step = current_task();
    co_return;
  };
  Task<> task = loop.create_task(body);
  loop.call_soon([&] { in_callback = current_task(); });
  loop.turn();
  EXPECT_TRUE(in_step == task);
  EXPECT_FALSE(in_callback.valid());
  EXPECT_EQ(thrown<std::runtime_error>([] { current_task(); }), "no running event loop");
}

// A task that goes on waiting is not the current one any more, for whatever runs next.
TEST_F(Tasks, a_callback_after_a_step_sees_no_current_task) {
  auto body = []() -> Coro<> { co_await sleep(1s); };
  Task<> task = loop.create_task(body);
  AnyTask seen = task;
  loop.call_soon([&] { seen = current_task(); });
  loop.turn();
  EXPECT_FALSE(seen.valid());
  loop.run_for(2s);
}

struct AsksWhenItGoes {
  explicit AsksWhenItGoes(AnyTask& where) : seen(&where) {}
  AsksWhenItGoes(const AsksWhenItGoes&) = default;
  ~AsksWhenItGoes() { *seen = current_task(); }
  AnyTask* seen;
};

TEST_F(Tasks, an_exception_that_goes_after_a_step_sees_no_current_task) {
  AnyTask seen;
  auto body = [&]() -> Coro<> {
    try {
      co_await throws(std::make_exception_ptr(AsksWhenItGoes(seen)));
    } catch (const AsksWhenItGoes&) {
    }
    seen = current_task();
    co_await sleep(1s);
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  EXPECT_FALSE(seen.valid());
  loop.run_for(2s);
}

TEST_F(Tasks, what_is_called_when_the_loop_looks_outside_sees_no_current_task) {
  auto body = []() -> Coro<> { co_await sleep(1s); };
  Task<> task = loop.create_task(body);
  AnyTask seen = task;
  loop.turn();
  loop.set_unretrieved_grace(1ms);
  loop.set_exception_handler([&](EventLoop&, const ErrorContext&) { seen = current_task(); });
  Future<> failed = loop.create_future<>();
  failed.set_exception(std::runtime_error("nobody asks"));
  loop.run_for(2s);
  EXPECT_FALSE(seen.valid());
  failed.exception();
}

TEST_F(Tasks, awaiting_oneself_is_an_error_that_names_the_task) {
  Task<> task;
  auto body = [&]() -> Coro<> { co_await task; };
  task = loop.create_task(body, named("narcissus"));
  loop.turn();
  EXPECT_EQ(describe(task.exception()), "std::runtime_error: Task cannot await on itself: 'narcissus'");
}

TEST_F(Tasks, nothing_can_be_set_on_a_task) {
  Task<int> task = loop.create_task(returns(1));
  EXPECT_EQ(thrown<std::runtime_error>([&] { task.set_result(2); }), "Task does not support set_result operation");
  EXPECT_EQ(thrown<std::runtime_error>([&] { task.set_exception(std::runtime_error("x")); }),
            "Task does not support set_exception operation");
  loop.turn();
  EXPECT_EQ(task.result(), 1);
  EXPECT_THROW(task.set_result(3), std::runtime_error);
}

TEST_F(Tasks, a_result_read_too_early_is_an_error) {
  Task<int> task = loop.create_task(returns(1));
  EXPECT_EQ(thrown<InvalidStateError>([&] { task.result(); }), "Result is not set.");
  loop.turn();
  EXPECT_EQ(task.result(), 1);
}

TEST_F(Tasks, a_failed_task_wakes_all_its_waiters_with_the_same_exception) {
  Task<> failing = loop.create_task(fails_later());
  Task<> first = loop.create_task(waits_for<void>(failing));
  Task<> second = loop.create_task(waits_for<void>(failing));
  loop.turn(3);
  EXPECT_EQ(identity(first.exception()), identity(second.exception()));
  EXPECT_EQ(identity(first.exception()), identity(failing.exception()));
}

TEST_F(Tasks, two_waiters_see_the_same_value) {
  Task<std::string> task = loop.create_task(returns(std::string("value")));
  const std::string *first = nullptr, *second = nullptr;
  auto look = [&](const std::string*& seen) -> Coro<> {
    std::string& value = co_await task;
    seen = &value;
  };
  loop.create_task(look(first));
  loop.create_task(look(second));
  loop.turn(3);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(first, second);
}

TEST_F(Tasks, the_unfinished_tasks_are_listed_in_order_of_creation) {
  std::vector<Task<>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(loop.create_task(turns(i % 2)));
  EXPECT_EQ(all_tasks(loop).size(), 5u);
  loop.turn();
  std::vector<AnyTask> left = all_tasks(loop);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_TRUE(left[0] == tasks[1]);
  EXPECT_TRUE(left[1] == tasks[3]);
  loop.turn();
  EXPECT_TRUE(all_tasks(loop).empty());
}

TEST_F(Tasks, the_frame_is_destroyed_when_the_task_is_done_and_the_result_is_kept) {
  auto body = [](Counted) -> Coro<int> { co_return 1; };
  Task<int> task = loop.create_task(body(Counted(1)));
  EXPECT_EQ(Counted::live, 1);
  loop.turn();
  EXPECT_EQ(Counted::live, 0);
  EXPECT_EQ(task.result(), 1);
}

TEST_F(Tasks, a_callable_is_kept_alive_until_its_coroutine_ends) {
  auto counted = std::make_shared<int>(1);
  auto body = [counted]() -> Coro<int> {
    co_await sleep(1s);
    co_return *counted;
  };
  Task<int> task = loop.create_task(std::move(body));
  loop.run_for(2s);
  EXPECT_EQ(task.result(), 1);
  EXPECT_EQ(counted.use_count(), 1);
}

TEST_F(Tasks, a_callable_that_throws_instead_of_making_a_coroutine_fails_the_task) {
  auto refuses = [](bool refuse) -> Coro<int> {  // no coroutine itself
    if (refuse) throw std::logic_error("at once");
    return returns(1);
  };
  Task<int> task = loop.create_task([refuses] { return refuses(true); });
  loop.turn();
  EXPECT_EQ(describe(task.exception()), "std::logic_error: at once");
}

TEST_F(Tasks, ensure_future_makes_a_task_of_a_coroutine_and_leaves_a_future_alone) {
  Future<int> future = loop.create_future<int>();
  EXPECT_TRUE(ensure_future(future) == future);
  auto body = []() -> Coro<int> {
    Task<int> task = ensure_future(returns(4));
    int value = co_await task;
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 4);
}

TEST_F(Tasks, a_task_needs_a_running_loop_or_one_that_is_named) {
  EXPECT_EQ(thrown<std::runtime_error>([] { create_task(returns(1)); }), "no running event loop");
}

TEST_F(Tasks, an_any_task_has_everything_but_the_value) {
  AnyTask task = loop.create_task(sleeps(1s), named("any"));
  loop.turn();
  EXPECT_EQ(task.name(), "any");
  EXPECT_TRUE(task.is_task());
  task.cancel();
  EXPECT_EQ(task.cancelling(), 1);
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Tasks, an_empty_task_handle_says_so_whatever_is_called) {
  Task<int> empty;
  EXPECT_THROW(empty.name(), InvalidStateError);
  EXPECT_THROW(empty.set_name("x"), InvalidStateError);
  EXPECT_THROW(empty.id(), InvalidStateError);
  EXPECT_THROW(empty.cancelling(), InvalidStateError);
  EXPECT_THROW(empty.uncancel(), InvalidStateError);
  EXPECT_THROW(empty.context(), InvalidStateError);
  EXPECT_THROW(empty.await_chain(), InvalidStateError);
  EXPECT_THROW(empty.creators(), InvalidStateError);
  EXPECT_THROW(empty.created_at(), InvalidStateError);
  EXPECT_THROW(AnyTask().name(), InvalidStateError);
}

}  // namespace
}  // namespace heed::test

// The second and all further tasks that a task creates: these are made in a shorter way when nothing is special about
// them, so here is what may be special.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class LaterTasks : public LoopTest {
 protected:
  // Runs `body` in a task that has created others.
  template <class F>
  void in_creator(F body) {
    auto creator = [&]() -> Coro<> {
      co_await create_task(returns(1));
      co_await create_task(returns(2));
      co_await body();
    };
    loop.run_until_complete(creator());
  }
  ContextVar<int> number{"number", 0};
  Coro<int> reads() { co_return number.get(); }
};

TEST_F(LaterTasks, they_start_in_order_and_give_their_values) {
  in_creator([&]() -> Coro<> {
    std::string order;
    auto body = [&](char name) -> Coro<char> {
      order += name;
      co_return name;
    };
    Task<char> a = create_task(body('a')), b = create_task(body('b'));
    EXPECT_EQ(order, "");
    char last = co_await b;
    EXPECT_EQ(last, 'b');
    EXPECT_EQ(order, "ab");
    EXPECT_EQ(a.result(), 'a');
  });
}

TEST_F(LaterTasks, each_gets_a_copy_of_the_values_that_its_creator_has_then) {
  in_creator([&]() -> Coro<> {
    for (int value : {1, 2, 3}) {
      number.set(value);
      Task<int> task = create_task(reads());
      number.set(-1);
      int seen = co_await task;
      EXPECT_EQ(seen, value);
    }
  });
}

TEST_F(LaterTasks, one_that_is_created_in_another_context_gets_a_copy_of_that) {
  in_creator([&]() -> Coro<> {
    Context other;
    other.run([&] { number.set(5); });
    Task<int> task = other.run([&] { return create_task(reads()); });
    int seen = co_await task;
    EXPECT_EQ(seen, 5);
  });
}

TEST_F(LaterTasks, one_that_is_created_in_an_empty_context_gets_no_values_of_its_creator) {
  in_creator([&]() -> Coro<> {
    number.set(5);
    Context empty;
    Task<int> task = empty.run([&] { return create_task(reads()); });
    int seen = co_await task;
    EXPECT_EQ(seen, 0);
  });
}

TEST_F(LaterTasks, one_that_an_eager_child_creates_is_the_childs) {
  in_creator([&]() -> Coro<> {
    auto child = []() -> Coro<std::string> {
      co_await create_task(returns(1), eager());
      Task<int> task = create_task(returns(2));
      co_return task.creators().front().name;
    };
    Task<std::string> at_once = create_task(child, named("child").eager());
    std::string creator = co_await at_once;
    EXPECT_EQ(creator, "child");
  });
}

TEST_F(LaterTasks, one_that_a_callback_creates_has_no_creator) {
  in_creator([&]() -> Coro<> {
    Task<int> made;
    loop.call_soon([&] { made = create_task(returns(1)); });
    co_await yield_now();
    EXPECT_TRUE(made.creators().empty());
    co_await made;
  });
}

TEST_F(LaterTasks, debug_mode_may_be_set_meanwhile) {
  in_creator([&]() -> Coro<> {
    loop.set_debug(true);
    Task<int> task = create_task(returns(1));
    int value = co_await task;
    EXPECT_EQ(value, 1);
    loop.set_debug(false);
  });
}

TEST_F(LaterTasks, each_knows_its_creator_by_the_name_that_that_has_then) {
  in_creator([&]() -> Coro<> {
    Task<int> before = create_task(returns(1));
    current_task().set_name("renamed");
    Task<int> after = create_task(returns(1)), another = create_task(returns(1));
    EXPECT_NE(before.creators().front().name, "renamed");
    EXPECT_EQ(after.creators().front().name, "renamed");
    EXPECT_EQ(another.creators().front().name, "renamed");
    EXPECT_EQ(another.creators().front().id, current_task().id());
    co_await another;
  });
}

TEST_F(LaterTasks, each_knows_its_place_of_creation) {
  in_creator([&]() -> Coro<> {
    unsigned line = __LINE__ + 1;
    Task<int> task = create_task(returns(1));
    EXPECT_EQ(task.created_at().line(), line);
    co_await task;
  });
}

TEST_F(LaterTasks, no_two_have_the_same_id) {
  in_creator([&]() -> Coro<> {
    std::set<std::uint64_t> ids;
    for (int i = 0; i < 500; ++i) {
      Task<int> task = create_task(returns(i));
      ids.insert(task.id());
      EXPECT_EQ(task.name(), "Task-" + std::to_string(task.id()));
      co_await task;
    }
    EXPECT_EQ(ids.size(), 500u);
  });
}

TEST_F(LaterTasks, options_are_followed) {
  in_creator([&]() -> Coro<> {
    Task<int> with_name = create_task(returns(1), named("worker"));
    EXPECT_EQ(with_name.name(), "worker");
    Task<int> at_once = create_task(returns(2), eager());
    EXPECT_TRUE(at_once.done());
    Context context;
    context.run([&] { number.set(7); });
    Task<int> inside = create_task(reads(), in_context(context));
    int seen = co_await inside;
    EXPECT_EQ(seen, 7);
    co_await with_name;
  });
}

TEST_F(LaterTasks, a_task_factory_that_is_set_meanwhile_is_asked) {
  int asked = 0;
  in_creator([&]() -> Coro<> {
    loop.set_task_factory([&](EventLoop&, TaskOptions& options) {
      ++asked;
      options.set_name("of the factory");
    });
    Task<int> task = create_task(returns(1));
    EXPECT_EQ(task.name(), "of the factory");
    loop.set_task_factory(nullptr);
    co_await task;
    co_await create_task(returns(1));
  });
  EXPECT_EQ(asked, 1);
}

TEST_F(LaterTasks, a_coroutine_that_was_moved_from_is_refused) {
  in_creator([&]() -> Coro<> {
    Coro<int> coro = returns(1);
    Task<int> task = create_task(std::move(coro));
    EXPECT_THROW(create_task(std::move(coro)), InvalidStateError);
    co_await task;
  });
}

TEST_F(LaterTasks, a_result_may_be_of_any_size) {
  using Large = std::array<int, 1000>;
  in_creator([&]() -> Coro<> {
    auto body = []() -> Coro<Large> {
      Large large{};
      large[999] = 4;
      co_return large;
    };
    Task<Large> task = create_task(body());
    co_await task;
    EXPECT_EQ(task.result()[999], 4);
  });
}

TEST_F(LaterTasks, one_that_fails_without_a_handle_is_reported) {
  in_creator([&]() -> Coro<> {
    create_task(fails("lost"));
    co_await yield_now();
  });
  EXPECT_EQ(loop.take_report().message, "Task exception was never retrieved");
}

TEST_F(LaterTasks, the_unfinished_ones_are_listed_in_order_whichever_end_first) {
  in_creator([&]() -> Coro<> {
    std::vector<Task<>> tasks;
    for (auto delay : {3s, 1s, 2s, 9s})
      tasks.push_back(create_task([](std::chrono::seconds s) -> Coro<> { co_await sleep(s); }(delay)));
    auto listed = [&] {
      std::string names;
      for (const AnyTask& task : all_tasks()) {
        for (std::size_t i = 0; i < tasks.size(); ++i)
          if (task == tasks[i]) names += static_cast<char>('0' + i);
      }
      return names;
    };
    EXPECT_EQ(listed(), "0123");
    co_await tasks[1];
    EXPECT_EQ(listed(), "023");
    co_await tasks[0];
    EXPECT_EQ(listed(), "3");
    co_await tasks[3];
    EXPECT_EQ(listed(), "");
  });
}

}  // namespace
}  // namespace heed::test

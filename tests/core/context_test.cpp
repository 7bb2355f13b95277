// Context variables: what follows a task, a callback, a coroutine.
#include "heed/core/context.hpp"

#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Contexts : public LoopTest {
 protected:
  ContextVar<int> number{"number", 0};
  ContextVar<std::string> text{"text"};
};

TEST_F(Contexts, a_variable_without_a_value_has_its_default_or_is_an_error_that_names_it) {
  EXPECT_EQ(number.get(), 0);
  EXPECT_EQ(text.get("fallback"), "fallback");
  EXPECT_TRUE(contains(thrown<std::out_of_range>([&] { text.get(); }), "'text'"));
  EXPECT_EQ(text.name(), "text");
}

TEST_F(Contexts, a_value_that_was_set_can_be_reset) {
  auto first = number.set(1);
  auto second = number.set(2);
  EXPECT_EQ(number.get(), 2);
  EXPECT_EQ(second.old_value(), 1);
  number.reset(second);
  EXPECT_EQ(number.get(), 1);
  number.reset(first);
  EXPECT_EQ(number.get(), 0);
  EXPECT_FALSE(first.old_value().has_value());
}

TEST_F(Contexts, a_token_of_another_variable_is_refused) {
  ContextVar<int> other("other", 0);
  auto token = other.set(1);
  EXPECT_TRUE(contains(thrown<std::invalid_argument>([&] { number.reset(token); }), "'number'"));
  other.reset(token);
}

TEST_F(Contexts, run_keeps_changes_in_its_context) {
  Context context;
  int result = context.run([&] {
    number.set(5);
    return number.get();
  });
  EXPECT_EQ(result, 5);
  EXPECT_EQ(number.get(), 0);
  EXPECT_EQ(context.run([&] { return number.get(); }), 5);
}

TEST_F(Contexts, run_restores_the_outer_context_when_its_function_throws) {
  Context context;
  EXPECT_THROW(context.run([&] {
    number.set(5);
    throw std::runtime_error("x");
  }),
               std::runtime_error);
  EXPECT_EQ(number.get(), 0);
}

TEST_F(Contexts, a_copy_and_its_original_do_not_see_each_others_changes) {
  Context original;
  original.run([&] { number.set(1); });
  Context copy = original.copy();
  copy.run([&] { number.set(2); });
  EXPECT_EQ(original.run([&] { return number.get(); }), 1);
  EXPECT_EQ(copy.run([&] { return number.get(); }), 2);
  Context shared = original;
  EXPECT_TRUE(shared == original);
  EXPECT_FALSE(copy == original);
}

TEST_F(Contexts, many_variables_keep_their_own_values) {
  std::vector<std::unique_ptr<ContextVar<int>>> variables;
  Context context;
  context.run([&] {
    for (int i = 0; i < 50; ++i) {
      variables.push_back(std::make_unique<ContextVar<int>>("v", -1));
      if (i % 2 == 0) variables.back()->set(i);
    }
    for (int i = 0; i < 50; ++i) EXPECT_EQ(variables[i]->get(), i % 2 == 0 ? i : -1);
  });
}

TEST_F(Contexts, a_task_gets_a_copy_of_its_creators_context) {
  std::string seen;
  auto child = [&]() -> Coro<> {
    seen += std::to_string(number.get());
    number.set(3);
    co_await yield_now();
    seen += std::to_string(number.get());
  };
  auto parent = [&]() -> Coro<> {
    number.set(1);
    Task<> task = create_task(child);
    number.set(2);
    co_await task;
    seen += std::to_string(number.get());
  };
  loop.run_until_complete(parent());
  EXPECT_EQ(seen, "132");
}

TEST_F(Contexts, an_awaited_coroutine_shares_its_awaiters_context) {
  auto child = [&]() -> Coro<> {
    number.set(7);
    co_return;
  };
  auto body = [&]() -> Coro<int> {
    co_await child();
    co_return number.get();
  };
  EXPECT_EQ(loop.run_until_complete(body()), 7);
  EXPECT_EQ(number.get(), 0);
}

TEST_F(Contexts, each_of_two_interleaved_tasks_keeps_its_own_value) {
  auto body = [&](int own) -> Coro<> {
    number.set(own);
    for (int i = 0; i < 3; ++i) {
      co_await yield_now();
      EXPECT_EQ(number.get(), own);
    }
  };
  loop.create_task(body(1));
  loop.create_task(body(2));
  loop.turn(5);
}

TEST_F(Contexts, a_task_can_be_given_a_context_which_it_shares) {
  Context context;
  auto body = [&]() -> Coro<> {
    number.set(9);
    co_return;
  };
  Task<> task = loop.create_task(body, in_context(context));
  loop.turn();
  EXPECT_EQ(context.run([&] { return number.get(); }), 9);
  EXPECT_TRUE(task.context() == context);
}

TEST_F(Contexts, the_context_of_a_task_can_be_looked_into) {
  auto body = [&]() -> Coro<> {
    number.set(4);
    co_return;
  };
  Task<> task = loop.create_task(body);
  loop.turn();
  EXPECT_EQ(task.context().run([&] { return number.get(); }), 4);
}

TEST_F(Contexts, a_callback_gets_a_copy_of_the_context_of_its_registration) {
  std::string seen;
  auto body = [&]() -> Coro<> {
    number.set(1);
    loop.call_soon([&] { seen += std::to_string(number.get()); });
    loop.call_later(1s, [&] { seen += std::to_string(number.get()); });
    loop.call_soon_threadsafe([&] { seen += std::to_string(number.get()); });
    number.set(2);
    co_return;
  };
  loop.create_task(body);
  loop.run_for(2s);
  EXPECT_EQ(seen, "111");
}

TEST_F(Contexts, what_a_callback_sets_is_gone_after_it) {
  loop.call_soon([&] { number.set(1); });
  loop.call_soon([&] { EXPECT_EQ(number.get(), 0); });
  loop.turn();
  EXPECT_EQ(number.get(), 0);
}

TEST_F(Contexts, a_callback_runs_in_the_context_it_is_given) {
  Context context;
  loop.call_soon([&] { number.set(6); }, context);
  loop.turn();
  EXPECT_EQ(context.run([&] { return number.get(); }), 6);  // and what it set stays there, as in asyncio
  EXPECT_EQ(number.get(), 0);
}

TEST_F(Contexts, a_done_callback_runs_in_the_context_of_its_registration) {
  Future<> future = loop.create_future<>();
  int seen = -1;
  auto body = [&]() -> Coro<> {
    number.set(8);
    future.add_done_callback([&] { seen = number.get(); });
    co_return;
  };
  loop.create_task(body);
  loop.turn();
  future.set_result();
  loop.turn();
  EXPECT_EQ(seen, 8);
}

TEST_F(Contexts, a_sleeping_task_finds_its_context_again) {
  auto body = [&]() -> Coro<int> {
    number.set(5);
    co_await sleep(1s);
    co_return number.get();
  };
  EXPECT_EQ(loop.run_until_complete(body()), 5);
}

}  // namespace
}  // namespace heed::test

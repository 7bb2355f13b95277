// Long loops of awaits and very deep chains, which must not grow the stack in any build.
#include <gtest/gtest.h>

#include <cstdint>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

constexpr int million = 1'000'000;
constexpr int deep = 100'000;
constexpr int deep_for_throws = 10'000;  // each level costs a microsecond
constexpr std::uintptr_t allowed_stack = 1024 * 1024;

// How much more stack than at its construction was ever in use where note() was called.
class StackUse {
 public:
  [[gnu::noinline]] StackUse() : start_(here()) {}
  [[gnu::noinline]] void note() {
    std::uintptr_t now = here();
    std::uintptr_t used = now < start_ ? start_ - now : 0;
    if (used > most_) most_ = used;
  }
  std::uintptr_t most() const { return most_; }

 private:
  static std::uintptr_t here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }
  std::uintptr_t start_;
  std::uintptr_t most_ = 0;
};

class DeepChains : public LoopTest {
 protected:
  void TearDown() override {
    LoopTest::TearDown();
    EXPECT_LT(stack.most(), allowed_stack);
    EXPECT_EQ(Counted::live, 0);
  }

  // What happens at the bottom of a chain.
  enum class Leaf { returns, yields, throws, throws_later, waits, waits_passing };
  Coro<int> leaf(Leaf what) {
    Counted local(1);
    stack.note();
    if (what == Leaf::throws) throw std::runtime_error("bottom");
    if (what == Leaf::yields || what == Leaf::throws_later) co_await yield_now();
    if (what == Leaf::throws_later) throw std::runtime_error("bottom");
    if (what == Leaf::waits) co_await sleep(1h);
    if (what == Leaf::waits_passing) co_await pass(sleep(1h));
    stack.note();
    co_return 0;
  }
  Coro<int> chain(int depth, Leaf what) {
    Counted local(depth);
    int below = depth == 1 ? co_await leaf(what) : co_await chain(depth - 1, what);
    stack.note();
    co_return below + 1;
  }
  Coro<int> passing_chain(int depth, Leaf what) {
    Counted local(depth);
    int below = depth == 1 ? co_await pass(leaf(what)) : co_await pass(passing_chain(depth - 1, what));
    stack.note();
    co_return below + 1;
  }
  Coro<std::string> outcome_of_passing_chain(int depth, Leaf what) {
    Outcome<int> outcome = co_await as_result(passing_chain(depth, what));
    stack.note();
    co_return describe(outcome.exception());
  }

  StackUse stack;
};

TEST_F(DeepChains, a_million_coroutines_that_complete_at_once) {
  auto body = [this]() -> Coro<long> {
    long sum = 0;
    for (int i = 0; i < million; ++i) {
      sum += co_await returns(1);
      stack.note();
    }
    co_return sum;
  };
  EXPECT_EQ(loop.run_until_complete(body()), million);
}

TEST_F(DeepChains, a_million_coroutines_that_complete_at_once_with_pass_or_as_result) {
  auto body = [this]() -> Coro<long> {
    long sum = 0;
    for (int i = 0; i < million / 2; ++i) {
      sum += co_await pass(returns(1));
      Outcome<int> outcome = co_await as_result(returns(1));
      sum += outcome.value();
      stack.note();
    }
    co_return sum;
  };
  EXPECT_EQ(loop.run_until_complete(body()), million);
}

TEST_F(DeepChains, a_million_awaits_of_a_finished_future) {
  Future<int> future = loop.create_future<int>();
  future.set_result(1);
  auto body = [&]() -> Coro<long> {
    long sum = 0;
    for (int i = 0; i < million; ++i) sum += co_await future;
    stack.note();
    co_return sum;
  };
  EXPECT_EQ(loop.run_until_complete(body()), million);
}

TEST_F(DeepChains, a_million_turns_of_the_loop) {
  auto body = [this]() -> Coro<> {
    for (int i = 0; i < million; ++i) co_await yield_now();
    stack.note();
  };
  loop.run_until_complete(body());
}

TEST_F(DeepChains, a_hundred_thousand_failures_that_are_handled) {
  auto body = [this]() -> Coro<int> {
    int failed = 0;
    for (int i = 0; i < deep; ++i) {
      Outcome<int> outcome = co_await as_result(passing_chain(2, Leaf::throws));
      if (outcome.failed()) ++failed;
    }
    co_return failed;
  };
  EXPECT_EQ(loop.run_until_complete(body()), deep);
}

TEST_F(DeepChains, a_deep_chain_that_completes_at_once) {
  EXPECT_EQ(loop.run_until_complete(chain(deep, Leaf::returns)), deep);
}

TEST_F(DeepChains, a_deep_chain_that_was_suspended_at_its_bottom) {
  EXPECT_EQ(loop.run_until_complete(chain(deep, Leaf::yields)), deep);
}

TEST_F(DeepChains, a_deep_chain_of_passes_that_completes) {
  EXPECT_EQ(loop.run_until_complete(passing_chain(deep, Leaf::yields)), deep);
}

TEST_F(DeepChains, an_exception_through_a_deep_chain) {
  EXPECT_THROW(loop.run_until_complete(chain(deep_for_throws, Leaf::throws)), std::runtime_error);
}

TEST_F(DeepChains, an_exception_through_a_deep_chain_that_was_suspended) {
  EXPECT_THROW(loop.run_until_complete(chain(deep_for_throws, Leaf::throws_later)), std::runtime_error);
}

TEST_F(DeepChains, an_exception_passed_through_a_deep_chain) {
  EXPECT_EQ(loop.run_until_complete(outcome_of_passing_chain(deep, Leaf::throws)), "std::runtime_error: bottom");
  EXPECT_EQ(loop.run_until_complete(outcome_of_passing_chain(deep, Leaf::throws_later)), "std::runtime_error: bottom");
}

TEST_F(DeepChains, an_exception_passed_up_to_the_root_of_a_task) {
  EXPECT_THROW(loop.run_until_complete(passing_chain(deep, Leaf::throws)), std::runtime_error);
}

TEST_F(DeepChains, a_cancellation_passed_through_a_deep_chain) {
  for (Leaf what : {Leaf::waits, Leaf::waits_passing}) {
    Task<int> task = loop.create_task(passing_chain(deep, what));
    loop.turn();
    task.cancel();
    loop.turn();
    EXPECT_TRUE(task.cancelled());
  }
}

TEST_F(DeepChains, a_cancellation_thrown_through_a_deep_chain) {
  Task<int> task = loop.create_task(chain(deep_for_throws, Leaf::waits));
  loop.turn();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(DeepChains, a_suspended_deep_chain_that_is_destroyed_at_loop_close) {
  loop.create_task(chain(deep, Leaf::waits));
  loop.create_task(passing_chain(deep, Leaf::waits));
  loop.turn();
  loop.close();
  loop.take_reports(2);
}

TEST_F(DeepChains, the_await_chain_of_a_deep_chain_keeps_both_its_ends) {
  Task<int> task = loop.create_task(chain(deep, Leaf::waits));
  loop.turn();
  AwaitChain found = task.await_chain();
  EXPECT_EQ(found.sites.size(), 64u);
  EXPECT_EQ(found.sites.size() + found.omitted, deep + 1u);
  task.cancel();
  loop.turn();
}

TEST_F(DeepChains, a_deep_chain_of_tasks_that_await_each_other) {
  Future<> gate = loop.create_future<>();
  Task<> last = loop.create_task(waits_for(gate));
  for (int i = 1; i < deep; ++i) last = loop.create_task(waits_for<void>(std::move(last)));
  loop.turn();
  gate.set_result();
  loop.run_until_complete(last);
}

TEST_F(DeepChains, a_cancellation_forwarded_through_a_deep_chain_of_tasks) {
  Task<> last = loop.create_task(waits_for_ever());
  for (int i = 1; i < deep_for_throws; ++i) last = loop.create_task(waits_for<void>(std::move(last)));
  loop.turn();
  last.cancel();
  EXPECT_THROW(loop.run_until_complete(last), CancelledError);
}

TEST_F(DeepChains, a_cancellation_forwarded_through_a_very_deep_chain_of_tasks) {
  Task<> last = loop.create_task(waits_for_ever());
  auto waits = [](Task<> task) -> Coro<> { co_await pass(std::move(task)); };
  for (int i = 1; i < deep; ++i) last = loop.create_task(waits(std::move(last)));
  loop.turn();
  last.cancel();
  Outcome<void> outcome = loop.run_until_complete([](Task<> task) -> Coro<Outcome<void>> {
    Outcome<void> result = co_await as_result(std::move(task));
    co_return result;
  }(last));
  EXPECT_TRUE(outcome.cancelled());
}

TEST_F(DeepChains, a_deep_chain_of_tasks_that_is_pending_at_loop_close) {
  Task<> last = loop.create_task(waits_for_ever());
  for (int i = 1; i < deep; ++i) last = loop.create_task(waits_for<void>(std::move(last)));
  loop.turn();
  loop.close();
  loop.take_reports(deep);
}

TEST_F(DeepChains, a_long_line_of_tasks_that_each_start_their_successor) {
  int left = 2 * deep;
  std::function<Coro<>()> link = [&]() -> Coro<> {
    if (--left > 0) loop.create_task(link());
    co_return;
  };
  loop.create_task(link());
  while (left > 0) loop.turn();
  loop.turn();
  EXPECT_TRUE(all_tasks(loop).empty());
}

}  // namespace
}  // namespace heed::test

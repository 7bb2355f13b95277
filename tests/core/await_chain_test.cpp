// What a record knows about where a failure came from: the await chain, the place of creation, the creators, notes.
#include <gtest/gtest.h>

#include "heed/failure/report.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned line_of_throw = __LINE__ + 2;
Coro<> bottom() {
  co_await yield_now();
  throw std::runtime_error("boom");
}
constexpr unsigned line_of_middle = __LINE__ + 1;
Coro<> middle() { co_await bottom(); }
constexpr unsigned line_of_top = __LINE__ + 1;
Coro<> top() { co_await middle(); }
constexpr unsigned line_of_passing = __LINE__ + 1;
Coro<> passing() { co_await pass(middle()); }

class AwaitChains : public LoopTest {
 protected:
  static std::vector<unsigned> lines(const AwaitChain& chain) {
    std::vector<unsigned> found;
    for (const AwaitSite& site : chain.sites) found.push_back(site.line());
    return found;
  }
  static std::vector<std::string> functions(const AwaitChain& chain) {
    std::vector<std::string> found;
    for (const AwaitSite& site : chain.sites) found.push_back(function_name(site));
    return found;
  }
};

TEST_F(AwaitChains, a_failure_knows_every_coroutine_from_the_thrower_to_the_root) {
  loop.create_task(top());
  loop.turn(2);
  SeenReport report = loop.take_report();
  const AwaitChain& chain = report.record->await_chain;
  EXPECT_EQ(lines(chain), (std::vector<unsigned>{line_of_throw, line_of_middle, line_of_top}));
  EXPECT_EQ(chain.omitted, 0u);
  std::vector<std::string> names = functions(chain);
  ASSERT_EQ(names.size(), 3u);
  EXPECT_TRUE(contains(names[0], "bottom")) << names[0];
  EXPECT_TRUE(contains(names[1], "middle")) << names[1];
  EXPECT_TRUE(contains(names[2], "top")) << names[2];
  for (const AwaitSite& site : chain.sites) EXPECT_TRUE(contains(site.file_name(), "await_chain_test.cpp"));
}

TEST_F(AwaitChains, a_failure_that_was_passed_has_the_same_chain) {
  loop.create_task(passing());
  loop.turn(2);
  EXPECT_EQ(lines(loop.take_report().record->await_chain),
            (std::vector<unsigned>{line_of_throw, line_of_middle, line_of_passing}));
}

TEST_F(AwaitChains, a_suspended_task_shows_where_it_waits) {
  auto body = []() -> Coro<> {
    co_await sleep(1s);  // here
  };
  unsigned line = __LINE__ - 2;
  Task<> task = loop.create_task(body());
  loop.turn();
  EXPECT_EQ(lines(task.await_chain()), std::vector<unsigned>{line});
  loop.run_for(2s);
  EXPECT_TRUE(task.await_chain().sites.empty());  // done
}

TEST_F(AwaitChains, a_failure_that_crosses_tasks_starts_a_chain_in_each) {
  Task<> inner = loop.create_task(top());
  auto waiting = [&]() -> Coro<> {
    co_await inner;  // here
  };
  unsigned line = __LINE__ - 2;
  loop.create_task(waiting());
  loop.turn(3);
  SeenReport report = loop.take_report();
  EXPECT_EQ(lines(report.record->await_chain), std::vector<unsigned>{line});
  EXPECT_EQ(report.record->cause_id, 1u);
}

TEST_F(AwaitChains, an_exception_that_is_thrown_anew_on_the_way_starts_a_new_chain) {
  auto translating = []() -> Coro<> {
    try {
      co_await middle();  // here
    } catch (const std::exception&) {
      throw std::logic_error("translated");
    }
  };
  unsigned line = __LINE__ - 5;
  loop.create_task(translating());
  loop.turn(2);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::logic_error: translated");
  EXPECT_EQ(lines(report.record->await_chain), std::vector<unsigned>{line});
}

TEST_F(AwaitChains, an_exception_that_is_caught_and_thrown_again_keeps_its_chain) {
  auto rethrowing = []() -> Coro<> {
    try {
      co_await middle();
    } catch (...) {
      throw;
    }
  };
  loop.create_task(rethrowing());
  loop.turn(2);
  EXPECT_EQ(loop.take_report().record->await_chain.sites.size(), 3u);
}

TEST_F(AwaitChains, an_eager_task_started_in_a_handler_does_not_disturb_the_chain) {
  auto rethrowing = []() -> Coro<> {
    try {
      co_await middle();
    } catch (...) {
      Task<int> eagerly = create_task(returns(1), eager());
      throw;
    }
  };
  loop.create_task(rethrowing());
  loop.turn(2);
  EXPECT_EQ(loop.take_report().record->await_chain.sites.size(), 3u);
}

TEST_F(AwaitChains, a_chain_of_a_hundred_keeps_both_its_ends) {
  std::function<Coro<>(int)> nested = [&](int depth) -> Coro<> {
    if (depth == 0) throw std::runtime_error("bottom");
    co_await nested(depth - 1);
  };
  loop.create_task(nested(99));
  loop.turn();
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.record->await_chain.sites.size(), 64u);
  EXPECT_EQ(report.record->await_chain.omitted, 36u);
}

TEST_F(AwaitChains, a_failure_knows_where_its_task_or_future_was_created) {
  unsigned line = __LINE__ + 1;
  loop.create_task(fails());
  loop.turn();
  EXPECT_EQ(loop.take_report().record->created_at.line(), line);
  line = __LINE__ + 1;
  Future<> future = loop.create_future<>();
  future.set_exception(1);
  future = {};
  EXPECT_EQ(loop.take_report().record->created_at.line(), line);
}

TEST_F(AwaitChains, a_failure_knows_who_created_its_task_and_who_created_that_one) {
  auto parent = []() -> Coro<> {
    create_task(fails_later(), named("child"));
    co_return;
  };
  auto grandparent = [&]() -> Coro<> {
    create_task(parent(), named("parent"));
    co_await sleep(1s);
  };
  loop.create_task(grandparent, named("grandparent"));
  loop.run_for(2s);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.task, "child");
  ASSERT_EQ(report.record->creators.size(), 2u);
  EXPECT_EQ(report.record->creators[0].name, "parent");
  EXPECT_EQ(report.record->creators[1].name, "grandparent");
  EXPECT_TRUE(contains(report.record->creators[0].created_at.file_name(), "await_chain_test.cpp"));
}

TEST_F(AwaitChains, a_task_created_by_a_callback_has_no_creators) {
  Task<int> task = loop.create_task(returns(1));
  EXPECT_TRUE(task.creators().empty());
  loop.turn();
}

TEST_F(AwaitChains, a_note_is_kept_beside_the_exception_until_it_is_reported) {
  auto noting = []() -> Coro<> {
    try {
      co_await middle();
    } catch (...) {
      add_note("while reading the configuration");
      throw;
    }
  };
  auto outer = [&]() -> Coro<> {
    try {
      co_await noting();
    } catch (...) {
      add_note("while starting");
      throw;
    }
  };
  loop.create_task(outer);
  loop.turn(2);
  EXPECT_EQ(loop.take_report().record->notes,
            (std::vector<std::string>{"while reading the configuration", "while starting"}));
}

TEST_F(AwaitChains, a_note_on_an_exception_that_was_handled_goes_to_nobody_else) {
  auto body = []() -> Coro<> {
    try {
      co_await middle();
    } catch (...) {
      add_note("handled");
    }
    throw std::logic_error("another");
  };
  loop.create_task(body());
  loop.turn(2);
  EXPECT_TRUE(loop.take_report().record->notes.empty());
}

TEST_F(AwaitChains, a_note_outside_of_a_handler_is_an_error) {
  loop.call_soon([] { EXPECT_THROW(add_note("x"), std::logic_error); });
  loop.turn();
  try {
    throw 1;
  } catch (int) {
    EXPECT_THROW(add_note("no loop"), std::runtime_error);
  }
}

}  // namespace
}  // namespace heed::test

// Task groups whose coroutine is destroyed before their children have ended.
#include <gtest/gtest.h>

#include "heed/core/sleep.hpp"
#include "heed/flow/task_group.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class GroupDestroyed : public LoopTest {
 protected:
  // Does not end when it is cancelled.
  static Coro<> stays() {
    [[maybe_unused]] Outcome<void> slept = co_await as_result(sleep(1h));
    co_await sleep(1h);
  }
};

TEST_F(GroupDestroyed, while_it_waits_for_its_children_the_failure_of_its_body_is_reported) {
  loop.create_task(task_group([](TaskGroup& group) -> Coro<> {
    group.create_task(stays());
    co_await yield_now();
    throw std::runtime_error("body");
  }));
  loop.turn(5);
  EXPECT_TRUE(loop.reports.empty());
  loop.close();
  ASSERT_EQ(loop.reports.size(), 3u);
  EXPECT_EQ(loop.reports[0].message, "Task was destroyed but it is pending!");
  EXPECT_EQ(loop.reports[1].message, "Unhandled exception in the body of a TaskGroup that was destroyed");
  EXPECT_EQ(loop.reports[1].exception, "std::runtime_error: body");
  ASSERT_TRUE(loop.reports[1].record);
  EXPECT_FALSE(loop.reports[1].record->await_chain.sites.empty());
  EXPECT_EQ(loop.reports[2].message, "Task was destroyed but it is pending!");
  loop.reports.clear();
}

TEST_F(GroupDestroyed, a_cancelled_body_is_no_failure) {
  Task<> task = loop.create_task(task_group([](TaskGroup& group) -> Coro<> {
    group.create_task(stays());
    co_await sleep(1h);
  }));
  loop.turn(2);
  task.cancel();
  loop.turn(5);
  loop.close();
  EXPECT_EQ(loop.take_reports(2)[0].message, "Task was destroyed but it is pending!");
}

}  // namespace
}  // namespace heed::test

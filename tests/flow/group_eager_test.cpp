// Eager children of task groups: they run before the group knows them.
#include <gtest/gtest.h>

#include "heed/core/sleep.hpp"
#include "heed/flow/task_group.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class GroupEager : public LoopTest {};

TEST_F(GroupEager, a_child_that_cancels_its_group_in_its_first_step_is_cancelled_as_well) {
  bool cancelled = false;
  auto child = [&](TaskGroup& group) -> Coro<> {
    group.cancel();
    Outcome<void> slept = co_await as_result(sleep(1h));
    cancelled = slept.cancelled();
  };
  TimePoint start = loop.time();
  loop.run_until_complete(task_group([&](TaskGroup& group) -> Coro<> {
    group.create_task(child(group), TaskOptions().eager());
    co_await sleep(1h);
  }));
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(loop.time(), start);
}

}  // namespace
}  // namespace heed::test

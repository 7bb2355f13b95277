// `if (co_await ...)` in a coroutine function that has no local variable: g++ 12 skips the rest of it. The loop's check
// after each step finds that: the task fails with a message that says what to write instead, and nothing hangs.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

// Breaks the rule of the coroutine lint on purpose; the macro hides it from the lint.
#define BRANCH_ON(condition) if (condition)
Coro<int> branches_on_an_await() {
  BRANCH_ON(co_await returns(true)) co_return 1;
  co_return 0;
}

class MiscompiledConditions : public LoopTest {};

TEST_F(MiscompiledConditions, a_task_that_falls_for_one_fails_and_says_why_or_works) {
  if (sanitized) GTEST_SKIP() << "the sanitizer stops in the miscompiled code";
  Task<int> task = loop.create_task(branches_on_an_await());
  loop.turn(3);
  ASSERT_TRUE(task.done());
  if (std::exception_ptr error = task.exception()) {
    std::string text = describe(error);
    EXPECT_TRUE(contains(text, "got bad yield")) << text;
    EXPECT_TRUE(contains(text, "auto value = co_await")) << text;
    EXPECT_TRUE(contains(text, "branches_on_an_await")) << text;
  } else {
    EXPECT_EQ(task.result(), 1);  // a compiler without the fault
  }
}

}  // namespace
}  // namespace heed::test

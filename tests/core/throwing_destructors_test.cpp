// Destructors that throw: after co_return, while a frame is destroyed, in locals and in parameters.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/sanitizers.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

// Throws when it is destroyed, unless it was moved from.
class Bomb {
 public:
  explicit Bomb(const char* text) noexcept : text_(text) {}
  Bomb(Bomb&& other) noexcept : text_(std::exchange(other.text_, nullptr)) {}
  ~Bomb() noexcept(false) {
    if (text_) throw std::logic_error(text_);
  }

 private:
  const char* text_;
};

// g++ 12 does not free a frame when the destructor of a parameter throws.
using LostFrame = ExpectedLeak;

class ThrowingDestructors : public LoopTest {
 protected:
  void TearDown() override {
    LoopTest::TearDown();
    EXPECT_EQ(Counted::live, 0);
  }
};

TEST_F(ThrowingDestructors, after_co_return_the_exception_outranks_the_value) {
  auto body = []() -> Coro<Counted> {
    Counted before(1);
    Bomb bomb("late");
    Counted after(2);
    co_return Counted(3);
  };
  auto awaiting = [&]() -> Coro<std::string> {
    std::string seen;
    try {
      Counted value = co_await body();
      seen = "value " + std::to_string(value.value);
    } catch (const std::logic_error& error) {
      seen = error.what();
    }
    co_return seen;
  };
  EXPECT_EQ(loop.run_until_complete(awaiting()), "late");
}

TEST_F(ThrowingDestructors, after_the_last_statement_of_a_void_coroutine_the_exception_comes_out) {
  auto body = []() -> Coro<> {
    Bomb bomb("late");
    co_return;
  };
  Task<> task = loop.create_task(body());
  loop.turn();
  EXPECT_EQ(describe(task.exception()), "std::logic_error: late");
}

TEST_F(ThrowingDestructors, one_that_throws_while_a_cancellation_unwinds_ends_the_program) {
  auto body = []() -> Coro<> {
    Bomb bomb("while unwinding");
    co_await sleep(1h);
  };
  EXPECT_DEATH(  // the language: std::terminate when a destructor throws during unwinding
      {
        Task<> task = loop.create_task(body());
        loop.turn();
        task.cancel();
        loop.turn();
      },
      "");
}

TEST_F(ThrowingDestructors, a_parameter_of_an_awaited_coroutine_fails_its_awaiter_or_is_reported) {
  LostFrame lost;
  auto child = [](Bomb) -> Coro<int> { co_return 1; };
  auto body = [&]() -> Coro<int> {
    int value = co_await child(Bomb("parameter"));
    co_return value;
  };
  Task<int> task = loop.create_task(body());
  loop.turn();
  ASSERT_TRUE(task.done());
  bool failed = task.exception() != nullptr;
  EXPECT_TRUE(failed || !loop.reports.empty());
  loop.reports.clear();
}

TEST_F(ThrowingDestructors, a_parameter_of_the_root_of_a_task_is_reported) {
  LostFrame lost;
  auto body = [](Bomb) -> Coro<int> { co_return 1; };
  Task<int> task = loop.create_task(body(Bomb("parameter")));
  loop.turn();
  EXPECT_EQ(task.result(), 1);
  EXPECT_EQ(loop.take_report().exception, "std::logic_error: parameter");
}

TEST_F(ThrowingDestructors, a_parameter_of_a_suspended_coroutine_is_reported_at_loop_close) {
  LostFrame lost;
  auto body = [](Bomb) -> Coro<> { co_await sleep(1h); };
  loop.create_task(body(Bomb("parameter")));
  loop.turn();
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[1].exception, "std::logic_error: parameter");
}

TEST_F(ThrowingDestructors, a_parameter_of_a_coroutine_that_never_ran_is_reported) {
  LostFrame lost;
  auto body = [](Bomb) -> Coro<> { co_return; };
  loop.call_soon([&] { static_cast<void>(body(Bomb("parameter"))); });
  loop.turn();
  EXPECT_EQ(loop.take_report().exception, "std::logic_error: parameter");
}

TEST_F(ThrowingDestructors, a_suspended_coroutine_destroyed_by_its_owner_reports_what_its_locals_throw) {
  auto body = []() -> Coro<> {
    Counted before(1);
    Bomb bomb("local");
    co_await sleep(1h);
  };
  auto owner = [&]() -> Coro<> { co_await body(); };
  {
    Task<> task = loop.create_task(owner);
    loop.turn();
  }
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  EXPECT_EQ(reports[1].exception, "std::logic_error: local");
  EXPECT_EQ(reports[1].record->origin, FailureOrigin::cleanup);
}

}  // namespace
}  // namespace heed::test

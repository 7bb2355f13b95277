// The context in which gather() copies, keeps and destroys what its children gave.
#include <gtest/gtest.h>

#include <algorithm>

#include "heed/core/context.hpp"
#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

class GatherContext : public LoopTest {
 protected:
  // Looks at the variable when it is copied and when it is destroyed.
  struct Observer {
    explicit Observer(GatherContext* t) : test(t) {}
    Observer(const Observer& other) : test(other.test) { test->seen_by_copies.push_back(test->request.get()); }
    Observer& operator=(const Observer&) = default;
    ~Observer() { test->seen_by_destructors.push_back(test->request.get()); }
    GatherContext* test;
  };
  Coro<Observer> observes() { co_return Observer(this); }
  static bool all_are(const std::vector<std::string>& seen, const std::string& value) {
    return !seen.empty() && std::all_of(seen.begin(), seen.end(), [&](const auto& each) { return each == value; });
  }

  ContextVar<std::string> request{"request", "none"};
  std::vector<std::string> seen_by_copies;
  std::vector<std::string> seen_by_destructors;
};

TEST_F(GatherContext, the_value_of_a_child_is_destroyed_in_the_callers_when_a_later_one_fails) {
  auto fails_next = []() -> Coro<int> {
    co_await yield_now();
    throw std::runtime_error("later");
  };
  auto caller = [&]() -> Coro<> {
    request.set("seven");
    auto outcome = co_await as_result(gather(observes(), fails_next()));
    EXPECT_TRUE(outcome.failed());
  };
  loop.run_until_complete(caller());
  EXPECT_TRUE(all_are(seen_by_destructors, "seven"));
}

TEST_F(GatherContext, values_are_copied_in_the_callers) {
  auto caller = [&]() -> Coro<> {
    request.set("eight");
    co_await gather(observes(), observes());
  };
  loop.run_until_complete(caller());
  EXPECT_TRUE(all_are(seen_by_copies, "eight"));
}

}  // namespace
}  // namespace heed::test

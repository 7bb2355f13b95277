// wait_for() asks the predicate at each wake-up.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> waiter(Condition& condition, int& n) {
  auto guard = co_await condition.scoped();
  co_await condition.wait_for([&n] { return n >= 3; });
  log("predicate true at", n);
}

Coro<> program() {
  Condition condition;
  int n = 0;
  Task<> task = create_task(waiter(condition, n));
  for (int i = 0; i < 3; ++i) {
    co_await ticks(3);
    auto guard = co_await condition.scoped();
    ++n;
    log("n =", n);
    condition.notify();
  }
  co_await task;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

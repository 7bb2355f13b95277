// A cancelled wait() takes the lock back before CancelledError leaves it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> waiter(Condition& condition) {
  auto guard = co_await condition.scoped();
  try {
    co_await condition.wait();
  } catch (const CancelledError&) {
    log("cancelled; lock held:", condition.locked());
    throw;
  }
}

Coro<> program() {
  Condition condition;
  Task<> task = create_task(waiter(condition));
  co_await ticks(2);
  co_await condition.acquire();
  task.cancel();
  co_await ticks(5);
  log("main holds the lock; waiter done:", task.done());
  condition.release();
  co_await wait(ALL_COMPLETED, task);
  log("waiter", outcome(task), "| locked:", condition.locked());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

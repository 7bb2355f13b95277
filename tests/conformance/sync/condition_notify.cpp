// notify(n) wakes n tasks in order, each when it gets the lock back; notify_all() wakes the rest.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> waiter(Condition& condition, std::string name) {
  auto guard = co_await condition.scoped();
  co_await condition.wait();
  log(name, "woke, lock held:", condition.locked());
}

Coro<> program() {
  Condition condition;
  std::vector<Task<>> tasks;
  for (const char* name : {"A", "B", "C", "D"}) tasks.push_back(create_task(waiter(condition, name)));
  co_await ticks(3);
  {
    auto guard = co_await condition.scoped();
    condition.notify(2);
    log("notified two, still holding the lock");
    co_await ticks(3);
  }
  co_await ticks(4);
  {
    auto guard = co_await condition.scoped();
    condition.notify_all();
  }
  co_await wait(tasks);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

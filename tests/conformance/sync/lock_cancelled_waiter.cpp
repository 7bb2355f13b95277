// A cancelled task leaves the line; the next one gets the lock.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> worker(Lock& lock, std::string name) {
  try {
    auto guard = co_await lock.scoped();
    log(name, "has the lock");
    co_await ticks(3);
  } catch (const CancelledError&) {
    log(name, "cancelled");
    throw;
  }
}

Coro<> program() {
  Lock lock;
  std::vector<Task<>> tasks;
  for (const char* name : {"A", "B", "C"}) tasks.push_back(create_task(worker(lock, name)));
  co_await ticks(1);
  tasks[1].cancel();
  co_await wait(tasks);
  log("locked:", lock.locked());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

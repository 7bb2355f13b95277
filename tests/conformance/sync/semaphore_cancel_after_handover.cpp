// A task cancelled after it was given a slot gives it back; the next one goes on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> worker(Semaphore& semaphore, std::string name) {
  try {
    auto guard = co_await semaphore.scoped();
    log(name, "entered");
  } catch (const CancelledError&) {
    log(name, "cancelled");
    throw;
  }
}

Coro<> program() {
  Semaphore semaphore(1);
  co_await semaphore.acquire();
  Task<> a = create_task(worker(semaphore, "A"));
  Task<> b = create_task(worker(semaphore, "B"));
  co_await ticks(1);
  semaphore.release();
  a.cancel();
  co_await wait(ALL_COMPLETED, a, b);
  log("locked:", semaphore.locked());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

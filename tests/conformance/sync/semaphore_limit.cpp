// At most n tasks are inside; those who wait enter in order.
#include "support/scenario.hpp"

namespace conformance {
namespace {

int active = 0;
int peak = 0;

Coro<> worker(Semaphore& semaphore, std::string name) {
  auto guard = co_await semaphore.scoped();
  peak = std::max(peak, ++active);
  log("enter", name);
  co_await ticks(3);
  --active;
}

Coro<> program() {
  Semaphore semaphore(2);
  std::vector<Coro<>> workers;
  for (const char* name : {"A", "B", "C", "D", "E"}) workers.push_back(worker(semaphore, name));
  co_await gather(std::move(workers));
  log("peak", peak, "| locked:", semaphore.locked());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A cancelled party leaves; one more must come.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> party(Barrier& barrier, std::string name) {
  try {
    co_await barrier.wait();
    log(name, "passed");
  } catch (const CancelledError&) {
    log(name, "cancelled");
    throw;
  }
}

Coro<> program() {
  Barrier barrier(2);
  Task<> a = create_task(party(barrier, "A"));
  co_await ticks(4);
  a.cancel();
  co_await wait(ALL_COMPLETED, a);
  log("waiting:", barrier.n_waiting());
  co_await gather(party(barrier, "B"), party(barrier, "C"));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

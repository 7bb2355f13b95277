// The last party releases everybody; each gets an index of its own; the barrier can be used again.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> party(Barrier& barrier, std::string name) {
  for (int round = 1; round <= 2; ++round) {
    std::size_t index = co_await barrier.wait();
    log("round", round, name, "index", index);
    co_await ticks(8);
  }
}

Coro<> program() {
  Barrier barrier(3);
  co_await gather(party(barrier, "A"), party(barrier, "B"), party(barrier, "C"));
  log("waiting:", barrier.n_waiting(), "broken:", barrier.broken());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

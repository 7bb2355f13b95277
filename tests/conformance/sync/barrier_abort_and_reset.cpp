// abort() breaks the barrier for everybody; reset() breaks it for those who wait only.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> party(Barrier& barrier, std::string name) {
  try {
    co_await barrier.wait();
    log(name, "passed");
  } catch (const BrokenBarrierError&) {
    log(name, std::current_exception());
  }
}

Coro<> program() {
  Barrier barrier(3);
  Task<> a = create_task(party(barrier, "A"));
  co_await ticks(4);
  barrier.abort();
  co_await a;
  co_await party(barrier, "late");
  log("broken:", barrier.broken());
  barrier.reset();
  Task<> b = create_task(party(barrier, "B"));
  co_await ticks(4);
  barrier.reset();
  co_await b;
  log("broken:", barrier.broken());
  co_await gather(party(barrier, "C"), party(barrier, "D"), party(barrier, "E"));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

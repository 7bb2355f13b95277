// A lock is handed over in order of arrival.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> worker(Lock& lock, std::string name) {
  {
    auto guard = co_await lock.scoped();
    log(name, "has the lock");
    co_await ticks(2);
  }
  log(name, "released");
}

Coro<> program() {
  Lock lock;
  co_await gather(worker(lock, "A"), worker(lock, "B"), worker(lock, "C"));
  log("locked:", lock.locked());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

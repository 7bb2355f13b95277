// An exception in the protected block releases the lock and comes out.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> bad(Lock& lock) {
  auto guard = co_await lock.scoped();
  throw std::invalid_argument("inside");
}

Coro<> program() {
  Lock lock;
  try {
    co_await bad(lock);
  } catch (const std::invalid_argument&) {
    log("caught", std::current_exception(), "| locked:", lock.locked());
  }
  log(raised_by([&] { lock.release(); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

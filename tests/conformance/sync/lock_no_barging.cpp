// A task that asks for a lock just released queues behind the one that was woken for it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> waiter(Lock& lock) {
  co_await lock.acquire();
  log("waiter has it");
  lock.release();
}

Coro<> program() {
  Lock lock;
  co_await lock.acquire();
  Task<> task = create_task(waiter(lock));
  co_await ticks(1);
  lock.release();
  log("released; locked flag:", lock.locked());
  co_await lock.acquire();
  log("main has it again");
  lock.release();
  co_await task;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Cancelling the caller of wait_for cancels the inner coroutine and waits for it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner() {
  auto slept = co_await as_result(sleep(1s));
  co_await ticks(2);
  log("inner stopped");
  slept.value();
}

Coro<> caller() {
  try {
    co_await wait_for(inner(), 5s);
  } catch (const CancelledError&) {
    log("caller cancelled");
    throw;
  }
}

Coro<> program() {
  Task<> task = create_task(caller());
  co_await ticks(3);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log("caller", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A second cancel() interrupts the cleanup that the first one began.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  Outcome<void> slept = co_await as_result(sleep(1s));
  if (slept.cancelled()) {
    log("first cancel, cleaning up");
    try {
      co_await sleep(1s);
      log("must not run");
    } catch (const CancelledError&) {
      log("second cancel hit the cleanup");
      throw;
    }
  }
}

Coro<> program() {
  Task<> task = create_task(body());
  co_await ticks(1);
  task.cancel();
  co_await ticks(2);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task), "| count", task.cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

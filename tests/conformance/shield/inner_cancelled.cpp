// If the inner task is cancelled by other means the shield is cancelled too.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner() { co_await sleep(1s); }

Coro<> program() {
  Task<> task = create_task(inner());
  Future<> shielded_task = shield(task);
  co_await ticks(1);
  task.cancel();
  try {
    co_await shielded_task;
  } catch (const CancelledError&) {
    log("shield raised CancelledError; shield cancelled:", shielded_task.cancelled(),
        "| main cancelling:", current_task().cancelling());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

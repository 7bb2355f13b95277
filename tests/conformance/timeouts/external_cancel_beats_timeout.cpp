// If the task is cancelled from outside as well, the block raises CancelledError even though it expired.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> block() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    current_task().cancel("from outside");
    throw;
  }
}

Coro<> victim() {
  Timeout scope(10ms);
  try {
    co_await scope.run(block());
  } catch (const TimeoutError&) {
    log("must not be a TimeoutError");
  } catch (const CancelledError&) {
    log("CancelledError; expired:", scope.expired(), "cancelling:", current_task().cancelling());
    throw;
  }
}

Coro<> program() {
  Task<> task = create_task(victim());
  co_await wait(ALL_COMPLETED, task);
  log("victim", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

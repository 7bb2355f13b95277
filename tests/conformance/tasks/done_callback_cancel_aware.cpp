// exception() of a cancelled task throws CancelledError, so a careful callback asks cancelled() first.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void careless(Task<> task) {
  log("careless called");
  static_cast<void>(task.exception());
  log("never printed");
}

void careful(Task<> task) { log("careful: cancelled =", task.cancelled()); }

Coro<> child() { co_await sleep(1s); }

Coro<> program() {
  install_handler();
  Task<> task = create_task(child(), named("C"));
  task.add_done_callback(careless);
  task.add_done_callback(careful);
  co_await ticks(1);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  co_await ticks(1);
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

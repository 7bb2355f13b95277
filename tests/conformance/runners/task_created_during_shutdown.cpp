// A task that is created while run() cancels the others is not waited for: it is destroyed while it is pending.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> late() {
  log("late started");
  co_await sleep(10s);
}

Coro<> background() {
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    create_task(late(), named("late"));
    log("created a task during shutdown");
    throw;
  }
}

Coro<> leaves_one() {
  install_handler();
  create_task(background());
  co_await ticks(1);
}

void program() {
  run(leaves_one());
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

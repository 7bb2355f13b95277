// A task is cancelled when the task it awaits has failed, but before it continues. In asyncio the failure is gone
// then; heed tells it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  co_await ticks(2);
  throw std::invalid_argument("lost in the race");
}

Coro<> body(Task<> task) {
  try {
    co_await task;
  } catch (...) {
    log("waiter got", std::current_exception());
    throw;
  }
}

Coro<> program() {
  install_handler();
  Task<> task = create_task(fail(), named("failing"));
  Task<> waiter = create_task(body(task), named("waiter"));
  task.add_done_callback([waiter]() mutable { waiter.cancel(); });
  co_await wait(ALL_COMPLETED, waiter);
  log("waiter", outcome(waiter), "| failing task is done:", task.done());
  task = {};
  collect();
  log("the ValueError left no trace");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

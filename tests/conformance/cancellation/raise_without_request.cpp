// A task that throws CancelledError by itself is cancelled, although nobody asked.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  throw CancelledError("by hand");
  co_return;
}

Coro<> program() {
  Task<> task = create_task(body());
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task), "| count", task.cancelling());
  try {
    co_await task;
  } catch (const CancelledError&) {
    log("awaiting it raised", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// What is thrown while a cancellation is on its way out takes its place: the task failed.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  Outcome<void> slept = co_await as_result(sleep(1s));
  throw OsError("cleanup failed");
}

Coro<> program() {
  Task<> task = create_task(body());
  co_await ticks(1);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task), "| cancelled:", task.cancelled());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

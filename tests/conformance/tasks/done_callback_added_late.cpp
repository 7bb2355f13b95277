// A callback that is added to a finished task is scheduled, not called at once.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> child() { co_return 1; }

Coro<> program() {
  Task<int> task = create_task(child());
  co_await task;
  task.add_done_callback([] { log("late callback"); });
  log("added");
  co_await ticks(1);
  log("after a tick");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

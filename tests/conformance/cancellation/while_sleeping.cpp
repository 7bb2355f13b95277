// CancelledError is raised at the await, what must run on the way out runs, and the task ends cancelled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  Finally leave([] { log("finally"); });
  log("sleeping");
  co_await sleep(1s);
  log("must not run");
}

Coro<> program() {
  Task<> task = create_task(body());
  co_await ticks(1);
  task.cancel();
  log("requested; done:", task.done());
  try {
    co_await task;
  } catch (const CancelledError&) {
    log("awaiting it raised", std::current_exception());
  }
  log("cancelled:", task.cancelled());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

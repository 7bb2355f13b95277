// A task may swallow its cancellation and finish; cancelling() still counts the request.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> body() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("swallowed");
  }
  co_await yield_now();
  co_return "normal result";
}

Coro<> program() {
  Task<std::string> task = create_task(body());
  co_await ticks(1);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task), "| cancelled:", task.cancelled(), "| cancelling:", task.cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

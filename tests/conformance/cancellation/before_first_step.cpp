// A task that is cancelled before its first step never runs its body.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  log("must not run");
  co_return;
}

Coro<> program() {
  Task<> task = create_task(body());
  bool requested = task.cancel();
  log("cancel returns", requested, "| cancelled already:", task.cancelled());
  co_await ticks(1);
  log("after a tick:", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

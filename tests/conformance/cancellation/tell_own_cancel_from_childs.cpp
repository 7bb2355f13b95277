// A task tells by cancelling() whether it was cancelled itself or only the task that it awaits.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() { co_await sleep(1s); }

Coro<std::string> parent(Task<> task) {
  try {
    co_await task;
  } catch (const CancelledError&) {
    if (current_task().cancelling() != 0) {
      log("I was cancelled");
      throw;
    }
    log("only the child was cancelled");
  }
  co_return "fine";
}

Coro<> program() {
  for (bool cancel_child : {true, false}) {
    Task<> t = create_task(child());
    Task<std::string> p = create_task(parent(t));
    co_await ticks(2);
    if (cancel_child) {
      t.cancel();
    } else {
      p.cancel();
    }
    co_await wait(ALL_COMPLETED, p);
    log("parent", outcome(p));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

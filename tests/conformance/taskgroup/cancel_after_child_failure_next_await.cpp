// After an ExceptionGroup that outranked the owner's cancel, the cancel is delivered at the next await (Python 3.13).
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    throw std::invalid_argument("child cleanup");
  }
}

Coro<> block(TaskGroup& group) {
  group.create_task(child());
  co_return;
}

Coro<> parent() {
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log("group caught, cancelling:", current_task().cancelling());
  }
  co_await yield_now();
  log("the cancel was lost");
}

Coro<> program() {
  Task<> task = create_task(parent());
  co_await ticks(3);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log("parent", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

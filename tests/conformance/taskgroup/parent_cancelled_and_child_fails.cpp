// If a child fails while the owner is cancelled, the ExceptionGroup wins. The cancel stays requested: the task has no
// other await, and ends cancelled in asyncio 3.13; heed keeps its result.
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
  } catch (...) {
    log("parent got", std::current_exception(), "| cancelling:", current_task().cancelling());
  }
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

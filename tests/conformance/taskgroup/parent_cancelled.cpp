// Cancelling the task that owns the group cancels all children; CancelledError comes out, not a group.
#include "support/scenario.hpp"

namespace conformance {
namespace {

std::vector<std::string> stopped;

Coro<> child(std::string name) {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    stopped.push_back(name);
    throw;
  }
}

Coro<> block(TaskGroup& group) {
  group.create_task(child("A"));
  group.create_task(child("B"));
  co_return;
}

Coro<> parent() {
  try {
    co_await task_group(block);
  } catch (...) {
    std::sort(stopped.begin(), stopped.end());
    log("stopped (order not defined):", stopped);
    log("parent got", std::current_exception(), "| cancelling:", current_task().cancelling());
    throw;
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

// TaskGroup.cancel() ends the group early and silently: children and body are cancelled, no exception comes out.
#include "support/scenario.hpp"

namespace conformance {
namespace {

std::vector<std::string> stopped;

Coro<> child(std::string name) {
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    stopped.push_back(name);
    throw;
  }
}

Coro<> block(TaskGroup& group) {
  group.create_task(child("A"));
  group.create_task(child("B"));
  co_await ticks(1);
  group.cancel();
  log("body goes on to its next await");
  co_await yield_now();
  log("must not run");
}

Coro<> program() {
  TaskGroup group;
  co_await group.run(block);
  std::sort(stopped.begin(), stopped.end());
  log("group ended quietly; stopped:", stopped, "cancelling:", current_task().cancelling());
  group.cancel();
  log("cancel after the end is harmless");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Children may add tasks while the group is waiting to exit; it ends after the last one.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> grandchild() {
  co_await ticks(2);
  log("grandchild done");
}

Coro<> child(TaskGroup& group) {
  co_await ticks(2);
  group.create_task(grandchild());
  log("child done");
}

Coro<> block(TaskGroup& group) {
  group.create_task(child(group));
  log("body done");
  co_return;
}

Coro<> program() {
  co_await task_group(block);
  log("group done");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// gather() of eager tasks that all end at their creation is done without a turn of the loop.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> child(int n) { co_return n; }

Coro<> program() {
  running_loop().set_task_factory(eager_task_factory);
  auto group = gather(child(1), child(2));
  log("done:", group.done(), "result", group.result());
  running_loop().call_soon([] { log("loop turn"); });
  log(co_await group);
  co_await ticks(1);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

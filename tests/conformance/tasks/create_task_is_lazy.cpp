// create_task() schedules the coroutine; its body begins when the creator gives the loop a turn.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> child() {
  log("child runs");
  co_return 7;
}

Coro<> program() {
  Task<int> task = create_task(child());
  log("created, done =", task.done());
  co_await ticks(1);
  log("after one tick, done =", task.done());
  log("result", co_await task);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

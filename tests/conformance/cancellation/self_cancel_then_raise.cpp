// A task that cancels itself and then throws ended with what it threw.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  current_task().cancel();
  throw std::invalid_argument("real error wins");
  co_return;
}

Coro<> program() {
  Task<> task = create_task(body());
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task), "| cancelled:", task.cancelled());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

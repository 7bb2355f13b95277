// shield of a finished task is that task itself.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> inner() { co_return 1; }

Coro<> program() {
  Task<int> task = create_task(inner());
  co_await task;
  log("same object:", shield(task) == task);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

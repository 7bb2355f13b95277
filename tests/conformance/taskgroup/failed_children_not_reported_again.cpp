// Exceptions collected by the group count as retrieved; dropping the tasks reports nothing.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(int n) {
  throw std::invalid_argument("n" + std::to_string(n));
  co_return;
}

Coro<> block(TaskGroup& group) {
  for (int n : {1, 2}) group.create_task(fail(n));
  co_return;
}

Coro<> program() {
  install_handler();
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
  collect();
  co_await ticks(2);
  log("no reports");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

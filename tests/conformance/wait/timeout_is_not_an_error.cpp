// When the time is over wait() returns what it has; it raises nothing and cancels nobody.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> slow() {
  co_await sleep(50ms);
  log("slow finished anyway");
  co_return "late";
}

Coro<> program() {
  std::vector<Task<std::string>> tasks;
  tasks.push_back(create_task(slow()));
  auto result = co_await wait(tasks, 10ms);
  log("done", result.done.size(), "pending", result.pending.size(), "cancelled:", tasks[0].cancelled());
  log("later:", co_await tasks[0]);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A usual pattern: wait for the first failure, cancel the rest, wait for those, look at everybody.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> worker(std::string name, int n, bool bad) {
  try {
    co_await ticks(n);
  } catch (const CancelledError&) {
    log(name, "cancelled");
    throw;
  }
  if (bad) throw std::runtime_error(name + " failed");
  co_return name;
}

Coro<> program() {
  install_handler();
  std::vector<Task<std::string>> tasks;
  tasks.push_back(create_task(worker("a", 1, false), named("a")));
  tasks.push_back(create_task(worker("b", 3, true), named("b")));
  tasks.push_back(create_task(worker("c", 20, false), named("c")));
  auto result = co_await wait(tasks, FIRST_EXCEPTION);
  for (Task<std::string>& task : result.pending) task.cancel();
  co_await wait(result.pending);
  for (const Task<std::string>& task : tasks) log(task.name(), outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

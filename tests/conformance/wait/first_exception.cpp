// FIRST_EXCEPTION returns at the first failure; slower tasks are still pending.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> ok(int n) {
  co_await ticks(n);
  co_return n;
}

Coro<int> fail(int n) {
  co_await ticks(n);
  throw std::invalid_argument("boom");
}

Coro<> program() {
  std::vector<Task<int>> tasks;
  tasks.push_back(create_task(fail(3), named("bad")));
  tasks.push_back(create_task(ok(1), named("quick")));
  tasks.push_back(create_task(ok(9), named("slow")));
  auto result = co_await wait(tasks, FIRST_EXCEPTION);
  log("done:", names_of(result.done), "pending:", names_of(result.pending));
  for (const Task<int>& task : result.done) log(task.name(), outcome(task));
  co_await wait(result.pending);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

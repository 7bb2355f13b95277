// For FIRST_EXCEPTION a task that was cancelled did not fail: the wait goes on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> ok(int n) {
  co_await ticks(n);
  co_return n;
}

Coro<> program() {
  std::vector<Task<int>> tasks;
  Task<int> slow = create_task(ok(5), named("slow"));
  Task<int> victim = create_task(ok(50), named("victim"));
  running_loop().call_soon([victim]() mutable { victim.cancel(); });
  tasks.push_back(slow);
  tasks.push_back(victim);
  auto result = co_await wait(tasks, FIRST_EXCEPTION);
  log("done:", names_of(result.done), "pending:", result.pending.size());
  log("victim", outcome(victim), "| slow", outcome(slow));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

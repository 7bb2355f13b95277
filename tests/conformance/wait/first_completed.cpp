// FIRST_COMPLETED returns when any task has ended; the others stay pending and go on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n) {
  co_await ticks(n);
  log("finished", n);
  co_return n;
}

std::vector<int> results_of(const std::vector<Task<int>>& tasks) {
  std::vector<int> results;
  for (const Task<int>& task : tasks) results.push_back(task.result());
  return results;
}

Coro<> program() {
  std::vector<Task<int>> tasks;
  for (int n : {14, 2, 7}) tasks.push_back(create_task(work(n)));
  auto first = co_await wait(tasks, FIRST_COMPLETED);
  log("done:", results_of(first.done), "pending:", first.pending.size());
  auto second = co_await wait(first.pending, FIRST_COMPLETED);
  log("done:", results_of(second.done), "pending:", second.pending.size());
  co_await wait(second.pending);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// next() gives the tasks themselves, so that results can be matched to their tasks.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n) {
  co_await ticks(n);
  if (n == 3) throw std::invalid_argument("three");
  co_return n;
}

Coro<> program() {
  std::vector<Task<int>> tasks;
  for (int n : {5, 1, 3}) tasks.push_back(create_task(work(n), named("w" + std::to_string(n))));
  auto done = as_completed(tasks);
  for (;;) {
    Task<int> task = co_await done.next();
    if (!task) break;
    bool mine = std::find(tasks.begin(), tasks.end(), task) != tasks.end();
    log(task.name(), "is one of mine:", mine, "|", outcome(task));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

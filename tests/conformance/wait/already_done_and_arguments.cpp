// Finished tasks are returned at once; an empty set and an unknown mode are refused.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> quick() { co_return 1; }

Coro<> refused(std::vector<Task<int>> tasks, ReturnWhen when) {
  try {
    co_await wait(tasks, when);
  } catch (const std::invalid_argument&) {
    log("ValueError raised");
  }
}

Coro<> program() {
  std::vector<Task<int>> tasks;
  tasks.push_back(create_task(quick()));
  co_await tasks[0];
  auto result = co_await wait(tasks, FIRST_COMPLETED);
  log("done", result.done.size(), "pending", result.pending.size());
  std::vector<Task<int>> none;
  co_await refused(none, ALL_COMPLETED);
  co_await refused(tasks, static_cast<ReturnWhen>(99));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A scheduler that waits for the first failure and restarts only the tasks that failed.
#include <functional>
#include <map>

#include "support/scenario.hpp"

namespace conformance {
namespace {

using Definitions = std::map<std::string, std::function<Coro<std::string>()>>;

Coro<> exception_aware_scheduler(Definitions definitions) {
  std::vector<Task<std::string>> tasks;
  for (auto& [name, start] : definitions) tasks.push_back(create_task(start(), named(name)));
  while (!tasks.empty()) {
    auto result = co_await wait(tasks, FIRST_EXCEPTION);
    tasks = std::move(result.pending);
    std::sort(result.done.begin(), result.done.end(), [](auto& a, auto& b) { return a.name() < b.name(); });
    for (Task<std::string>& task : result.done) {
      if (task.cancelled() || !task.exception()) {
        log(task.name(), "ended:", outcome(task));
        continue;
      }
      log(task.name(), "failed:", task.exception(), "- restarting");
      tasks.push_back(create_task(definitions.at(task.name())(), named(task.name())));
    }
  }
}

Coro<std::string> worker(std::string name, Duration delay, std::vector<std::string>& failures) {
  co_await sleep(delay);
  if (!failures.empty()) {
    std::string failure = failures.front();
    failures.erase(failures.begin());
    throw std::runtime_error(failure);
  }
  co_return name + " done";
}

Coro<> program() {
  std::vector<std::string> a{"a1", "a2"}, b, c{"c1"};
  Definitions definitions;
  definitions["A"] = [&a] { return worker("A", 10ms, a); };
  definitions["B"] = [&b] { return worker("B", 250ms, b); };
  definitions["C"] = [&c] { return worker("C", 100ms, c); };
  co_await exception_aware_scheduler(std::move(definitions));
  log("scheduler ended");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

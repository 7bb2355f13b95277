// A wrapper that runs a coroutine again after each failure and lets a cancellation through.
#include <map>

#include "support/scenario.hpp"

namespace conformance {
namespace {

template <class Function>
Coro<> rerun_on_exception(Function function) {
  for (;;) {
    try {
      co_await function();
    } catch (const std::exception&) {  // a cancellation is no std::exception
      log("caught exception:", std::current_exception());
    }
  }
}

using Counts = std::map<std::string, int>;

Coro<> worker(std::string name, Counts& counts) {
  int run = ++counts[name];
  log(name, "run", run);
  co_await sleep(10ms);
  if (name == "A" && run < 3) throw std::runtime_error(name + " failed");
  co_await sleep(10s);
}

Coro<> program() {
  Counts counts;
  std::vector<Task<>> tasks;
  for (std::string name : {"A", "B"})
    tasks.push_back(create_task(rerun_on_exception([name, &counts] { return worker(name, counts); }), named(name)));
  co_await sleep(100ms);
  for (Task<>& task : tasks) task.cancel();
  co_await wait(tasks);
  log("runs: A", counts["A"], "B", counts["B"], "|", outcome(tasks[0]), outcome(tasks[1]));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

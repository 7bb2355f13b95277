// A failed task that wait() returned and nobody looked at is reported when it is dropped.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> foo() {
  throw std::invalid_argument("Foo value error");
  co_return;
}

Coro<std::string> bar() {
  co_await sleep(20ms);
  co_return "Bar finished";
}

Coro<> wait_without_looking() {
  install_handler();
  Task<> foo_task = create_task(foo(), named("Exception task"));
  Task<std::string> bar_task = create_task(bar(), named("Waiting task"));
  try {
    auto result = co_await wait(ALL_COMPLETED, foo_task, bar_task);
    for (const std::string& name : names_of(result.done)) log("Done:", name);
    for (AnyFuture& task : result.pending) task.cancel();
  } catch (const std::exception& e) {
    log("Exception caught:", e.what());
  }
}

void program() {
  run(wait_without_looking());
  collect();
  log("program end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

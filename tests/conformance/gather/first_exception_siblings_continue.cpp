// The first failure is raised at once. The siblings are not cancelled; they run to their end.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> foo() {
  throw std::invalid_argument("Foo value error.");
  co_return;
}

Coro<std::string> bar() {
  try {
    co_await sleep(20ms);
    log("Bar finished.");
  } catch (const CancelledError&) {
    log("Bar Cancelled.");
    throw;
  }
  co_return "bar";
}

Coro<> program() {
  Task<std::string> task = create_task(bar(), named("bar"));
  try {
    co_await gather(foo(), task);
  } catch (const std::invalid_argument&) {
    log("raised:", std::current_exception(), "| bar done:", task.done());
  }
  co_await wait(ALL_COMPLETED, task);
  log("bar:", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

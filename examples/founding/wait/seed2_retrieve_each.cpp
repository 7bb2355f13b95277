// Looking at the exception and the result of everybody that wait() returned.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> foo() {
  throw std::invalid_argument("Foo value error");
  co_return "";
}

Coro<std::string> bar() {
  co_await sleep(20ms);
  co_return "Bar finished";
}

Coro<> program() {
  install_handler();
  std::vector<Task<std::string>> tasks;
  tasks.push_back(create_task(foo(), named("Exception_task")));
  tasks.push_back(create_task(bar(), named("Waiting_task")));
  auto result = co_await wait(tasks);
  for (const Task<std::string>& task : result.done) {
    log("DONE:", task.name());
    if (std::exception_ptr exception = task.exception()) log(task.name(), "threw", heed::message_of(exception));
    try {
      log(task.name(), "returned", task.result());
    } catch (const std::invalid_argument&) {
      log(std::current_exception());
    }
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

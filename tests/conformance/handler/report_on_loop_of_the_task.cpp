// A report goes to the loop of the task, also when another loop runs while the task is dropped.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("from loop one");
  co_return;
}

Coro<> drop(Task<>& task) {
  task = {};
  collect();
  log("dropped while loop two runs");
  co_return;
}

void program() {
  EventLoop one;
  EventLoop two;
  one.set_exception_handler([](EventLoop&, const ErrorContext& context) { log("handler one:", context.exception); });
  two.set_exception_handler([](EventLoop&, const ErrorContext& context) { log("handler two:", context.exception); });
  Task<> task = one.create_task(fail());
  one.run_until_complete(wait(ALL_COMPLETED, task));
  two.run_until_complete(drop(task));
  one.close();
  two.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

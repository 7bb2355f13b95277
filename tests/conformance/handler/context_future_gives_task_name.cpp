// The future in the report about a task is the task: the handler can read its name and its exception.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void handler(EventLoop&, const ErrorContext& context) {
  AnyTask task = as_task(context.future);
  log("failed task", task.name(), "|", task.exception(), "| same exception:", task.exception() == context.exception);
}

Coro<> fail() {
  throw std::invalid_argument("who am I");
  co_return;
}

Coro<> program() {
  running_loop().set_exception_handler(handler);
  create_task(fail(), named("worker-7"));
  co_await ticks(2);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

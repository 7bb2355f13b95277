// Failures that happen before the abort reaches a child are all in the group, in completion order.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(int n, std::string text) {
  co_await ticks(n);
  if (n == 1) throw std::invalid_argument(text);
  throw std::runtime_error(text);
}

Coro<> block(TaskGroup& group) {
  group.create_task(fail(1, "first"));
  group.create_task(fail(1, "also first"));
  group.create_task(fail(50, "never happens"));
  co_return;
}

Coro<> program() {
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

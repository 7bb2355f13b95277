// An inner group's failure is one nested ExceptionGroup inside the outer one.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(std::string text) {
  co_await ticks(1);
  throw std::invalid_argument(text);
}

Coro<> inner() {
  co_await task_group([](TaskGroup& group) -> Coro<> {
    group.create_task(fail("i1"));
    group.create_task(fail("i2"));
    co_return;
  });
}

Coro<> block(TaskGroup& group) {
  group.create_task(inner());
  group.create_task(fail("outer"));
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

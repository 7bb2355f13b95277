// With errors from both, the children's come first and the body's last.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    throw std::runtime_error("child while cancelled");
  }
}

Coro<> block(TaskGroup& group) {
  group.create_task(child());
  co_await ticks(1);
  throw std::invalid_argument("body");
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

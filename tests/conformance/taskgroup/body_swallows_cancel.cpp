// The body catching the group's own cancel does not hide the failure: the group still raises at its end.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("child");
  co_return;
}

Coro<> block(TaskGroup& group) {
  group.create_task(fail());
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("body swallows, cancelling:", current_task().cancelling());
  }
  co_await yield_now();
  log("body continues");
}

Coro<> program() {
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
  log("after, cancelling:", current_task().cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

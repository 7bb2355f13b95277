// The usual pattern: protect a commit from cancellation, finish it, then honour the cancel.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> commit() {
  log("commit begins");
  co_await ticks(3);
  log("commit ends");
}

Coro<> worker() {
  Task<> task = create_task(commit());
  auto result = co_await as_result(shield(task));
  if (result.cancelled()) {
    log("cancel requested, waiting for the commit");
    co_await task;
  }
  result.value();
}

Coro<> program() {
  Task<> task = create_task(worker());
  co_await ticks(2);
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log("worker", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

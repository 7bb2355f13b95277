// Cancelling a task cancels the task that it awaits first, and it gets that one's CancelledError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("inner cancelled");
    throw;
  }
}

Coro<> outer(Task<> task) {
  try {
    co_await task;
  } catch (const CancelledError&) {
    log("outer cancelled; inner", outcome(task));
    throw;
  }
}

Coro<> program() {
  Task<> i = create_task(inner());
  Task<> o = create_task(outer(i));
  co_await ticks(2);
  o.cancel();
  log("counts right after: outer", o.cancelling(), "inner", i.cancelling());
  co_await wait(ALL_COMPLETED, o);
  log("outer", outcome(o));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

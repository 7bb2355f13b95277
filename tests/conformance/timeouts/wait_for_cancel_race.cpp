// The caller is cancelled in the very tick the awaited future completed: CancelledError, as since Python 3.12.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> caller(Future<std::string> future) {
  try {
    std::string got = co_await wait_for(future, 1s);
    log("got", got);
  } catch (const CancelledError&) {
    log("cancelled");
    throw;
  }
}

Coro<> program() {
  Future<std::string> future = running_loop().create_future<std::string>();
  Task<> task = create_task(caller(future));
  co_await ticks(1);
  future.set_result("value");
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log("caller", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

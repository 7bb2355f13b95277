// A cancellation that comes when the awaited future is done, but its waiter has not continued yet.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body(Future<std::string> future) {
  try {
    log("got", co_await future);
  } catch (const CancelledError&) {
    log("cancelled although the future has a result:", future.result());
    throw;
  }
}

Coro<> program() {
  Future<std::string> future = running_loop().create_future<std::string>();
  Task<> task = create_task(body(future));
  co_await ticks(1);
  future.set_result("ready");
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

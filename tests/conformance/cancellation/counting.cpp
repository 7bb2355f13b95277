// cancel() adds one to cancelling(), uncancel() takes one off, never below zero.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  AnyTask me = current_task();
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("count", me.cancelling());
    std::vector<int> left;
    for (int i = 0; i < 3; ++i) left.push_back(me.uncancel());
    log("uncancel ->", left[0], left[1], left[2]);
  }
  co_await yield_now();
  log("still running");
}

Coro<> program() {
  Task<> task = create_task(body());
  co_await ticks(1);
  bool first = task.cancel();
  bool second = task.cancel();
  log("cancel", first, second, "count", task.cancelling());
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

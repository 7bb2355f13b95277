// Two calls of cancel() before the task runs raise one CancelledError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> body() {
  int caught = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      co_await yield_now();
    } catch (const CancelledError&) {
      ++caught;
    }
  }
  co_return caught;
}

Coro<> program() {
  Task<int> task = create_task(body());
  co_await ticks(1);
  task.cancel();
  task.cancel();
  int caught = co_await task;
  log("caught", caught, "count", task.cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

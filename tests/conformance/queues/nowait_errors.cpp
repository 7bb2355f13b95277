// get_nowait() of an empty queue and put_nowait() into a full one raise QueueEmpty and QueueFull.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void attempt(Queue<int>& queue, const std::function<void()>& call) {
  if (std::exception_ptr error = raised_by(call)) {
    log("raised", kind(error));
  } else {
    log("ok, size", queue.qsize());
  }
}

Coro<> program() {
  Queue<int> queue(1);
  attempt(queue, [&] { queue.get_nowait(); });
  attempt(queue, [&] { queue.put_nowait(1); });
  attempt(queue, [&] { queue.put_nowait(2); });
  co_return;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

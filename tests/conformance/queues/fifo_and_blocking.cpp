// get() waits for an item; items keep their order.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> consumer(Queue<int>& queue) {
  for (int i = 0; i < 3; ++i) {
    int item = co_await queue.get();
    log("got", item);
  }
}

Coro<> program() {
  Queue<int> queue;
  Task<> task = create_task(consumer(queue));
  co_await ticks(2);
  log("consumer waits; empty:", queue.empty());
  for (int n : {1, 2, 3}) queue.put_nowait(n);
  log("size", queue.qsize());
  co_await task;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// join() waits until task_done() was called for each item; once too often is an error.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> worker(Queue<int>& queue) {
  for (;;) {
    int item = co_await queue.get();
    co_await ticks(1);
    log("processed", item);
    queue.task_done();
  }
}

Coro<> program() {
  Queue<int> queue;
  for (int n = 0; n < 3; ++n) queue.put_nowait(n);
  Task<> task = create_task(worker(queue));
  co_await queue.join();
  log("joined");
  task.cancel();
  co_await wait(ALL_COMPLETED, task);
  log(raised_by([&] { queue.task_done(); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

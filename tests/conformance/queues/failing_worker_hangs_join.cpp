// A worker that dies calls no task_done(): join() would wait for ever, so it races with the worker.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> worker(Queue<int>& queue) {
  for (;;) {
    int item = co_await queue.get();
    if (item == 2) throw std::invalid_argument("cannot process " + std::to_string(item));
    log("processed", item);
    queue.task_done();
  }
}

Coro<> program() {
  install_handler();
  Queue<int> queue;
  for (int n : {1, 2, 3}) queue.put_nowait(n);
  Task<> work = create_task(worker(queue), named("worker"));
  Task<> join = create_task(queue.join(), named("join"));
  auto result = co_await wait(FIRST_COMPLETED, work, join);
  log("done:", names_of(result.done), "left in queue:", queue.qsize());
  log("worker", outcome(work));
  join.cancel();
  co_await wait(ALL_COMPLETED, join);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

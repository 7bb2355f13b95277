// shutdown(true) empties the queue, counts its items as done and wakes join().
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  Queue<int> queue;
  for (int n = 0; n < 3; ++n) queue.put_nowait(n);
  Task<> join = create_task(queue.join());
  co_await ticks(1);
  log("join waits:", !join.done());
  queue.shutdown(true);
  co_await join;
  log("joined; size", queue.qsize());
  log("get_nowait", raised_by([&] { return queue.get_nowait(); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// shutdown() wakes those who wait to get and to put with QueueShutDown.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> attempt_get(std::string name, Queue<int>& queue) {
  try {
    int item = co_await queue.get();
    log(name, item);
  } catch (const QueueShutDown&) {
    log(name, std::current_exception());
  }
}

Coro<> attempt_put(std::string name, Queue<int>& queue, int item) {
  try {
    co_await queue.put(item);
    log(name, "none");
  } catch (const QueueShutDown&) {
    log(name, std::current_exception());
  }
}

Coro<> program() {
  Queue<int> empty;
  Queue<int> full(1);
  full.put_nowait(1);
  std::vector<Task<>> tasks;
  tasks.push_back(create_task(attempt_get("getter 1", empty)));
  tasks.push_back(create_task(attempt_get("getter 2", empty)));
  tasks.push_back(create_task(attempt_put("putter", full, 2)));
  co_await ticks(2);
  empty.shutdown();
  full.shutdown();
  co_await wait(tasks);
  log("left in full:", full.qsize());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

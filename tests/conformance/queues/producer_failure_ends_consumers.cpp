// A producer that fails ends the consumers of its group; the items in the queue are still there.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> producer(Queue<int>& queue) {
  for (int n = 0; n < 3; ++n) co_await queue.put(n);
  throw std::invalid_argument("source dried up");
}

Coro<> consumer(Queue<int>& queue, std::vector<int>& out) {
  for (;;) {
    int item = co_await queue.get();
    co_await yield_now();
    out.push_back(item);
  }
}

// The part of asyncio's TaskGroup that this program uses.
Coro<> group_of(Coro<> first, Coro<> second) {
  std::vector<Task<>> tasks{create_task(std::move(first)), create_task(std::move(second))};
  co_await wait(tasks, FIRST_EXCEPTION);
  for (Task<>& task : tasks) task.cancel();
  co_await wait(tasks);
  std::vector<std::exception_ptr> failures;
  for (Task<>& task : tasks)
    if (!task.cancelled() && task.exception()) failures.push_back(task.exception());
  throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(failures));
}

Coro<> program() {
  Queue<int> queue;
  std::vector<int> out;
  try {
    co_await group_of(consumer(queue, out), producer(queue));
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
  log("consumed + queued >= 2:", out.size() + queue.qsize() >= 2);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

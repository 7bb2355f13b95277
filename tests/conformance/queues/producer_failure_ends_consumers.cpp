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

Coro<> program() {
  Queue<int> queue;
  std::vector<int> out;
  auto body = [&](TaskGroup& group) -> Coro<> {
    group.create_task(consumer(queue, out));
    group.create_task(producer(queue));
    co_return;
  };
  try {
    co_await task_group(body);
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
  log("consumed + queued >= 2:", out.size() + queue.qsize() >= 2);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

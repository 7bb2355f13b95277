// A getter cancelled after an item was put for it loses none.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> getter(Queue<std::string>& queue, std::string name) {
  try {
    std::string item = co_await queue.get();
    log(name, "got", item);
  } catch (const CancelledError&) {
    log(name, "cancelled");
    throw;
  }
}

Coro<> program() {
  Queue<std::string> queue;
  Task<> a = create_task(getter(queue, "A"));
  Task<> b = create_task(getter(queue, "B"));
  co_await ticks(1);
  queue.put_nowait("item");
  a.cancel();
  std::vector<Task<>> both{a, b};
  co_await wait(both, 50ms);
  log("A", outcome(a), "| B done:", b.done());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

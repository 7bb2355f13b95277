// Waiters continue one iteration after the result was set, in the order in which they began to wait.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> waiter(std::string name, Future<int> future) { log(name, "got", co_await future); }

Coro<> program() {
  Future<int> future = running_loop().create_future<int>();
  Task<> a = create_task(waiter("A", future));
  Task<> b = create_task(waiter("B", future));
  co_await ticks(1);
  future.set_result(42);
  log("set; nobody ran yet");
  co_await ticks(1);
  log("A and B done:", a.done(), b.done());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

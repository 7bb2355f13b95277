// A task factory sees every coroutine that becomes a task.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void factory(EventLoop&, TaskOptions&) { log("factory called"); }

Coro<int> child(int n) { co_return n * 2; }

Coro<> program() {
  EventLoop& loop = running_loop();
  loop.set_task_factory(factory);
  auto* installed = loop.get_task_factory().target<void (*)(EventLoop&, TaskOptions&)>();
  log("installed:", installed && *installed == factory);
  log(co_await create_task(child(4), named("X")));
  log(co_await gather(child(1), child(2)));
  loop.set_task_factory(nullptr);
  log(co_await create_task(child(5)));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

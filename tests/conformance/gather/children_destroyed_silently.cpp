// Two children of a gather are destroyed while they are pending. asyncio does not report the one that gather made
// itself.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() { co_await sleep(10s); }

Coro<> start(std::vector<AnyFuture>& held) {
  Task<> mine = create_task(child(), named("mine"));
  held.push_back(mine);
  held.push_back(gather(child(), mine));
  co_await ticks(1);
}

void program() {
  EventLoop loop;
  install_handler(loop);
  std::vector<AnyFuture> held;
  loop.run_until_complete(start(held));
  loop.close();
  held.clear();
  collect();
  log("only one of the two children was reported");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

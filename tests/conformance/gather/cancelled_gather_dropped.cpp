// A gather that was cancelled and that nobody awaits. asyncio reports its CancelledError as a failure; in heed it is
// cancelled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() { co_await sleep(10s); }

Coro<> program() {
  install_handler();
  auto group = gather(child());
  co_await ticks(1);
  group.cancel();
  co_await ticks(3);
  log("done:", group.done(), "cancelled:", group.cancelled());
  group = {};
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

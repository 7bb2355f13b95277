// A cancelled callback never runs; cancelling it again, or after it ran, does no harm.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  Handle soon = loop.call_soon([] { log("must not run"); });
  TimerHandle timer = loop.call_later(10ms, [] { log("must not run either"); });
  Handle kept = loop.call_soon([] { log("kept"); });
  soon.cancel();
  soon.cancel();
  timer.cancel();
  log("cancelled flags:", soon.cancelled(), timer.cancelled(), kept.cancelled());
  co_await sleep(20ms);
  kept.cancel();
  log("cancel after the run sets the flag:", kept.cancelled());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

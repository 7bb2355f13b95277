// stop() lets the iteration finish; what was scheduled during it waits until the loop runs again.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void program() {
  EventLoop loop;
  loop.call_soon([&loop] {
    log("stopper");
    loop.stop();
    loop.call_soon([] { log("scheduled after stop: next run"); });
  });
  loop.call_soon([] { log("already scheduled: still runs"); });
  loop.run_forever();
  log("run_forever returned");
  loop.call_soon([&loop] { loop.stop(); });
  loop.run_forever();
  log("second run over");
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

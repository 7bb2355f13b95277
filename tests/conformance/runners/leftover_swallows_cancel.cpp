// A task that is left and swallows its cancellation is waited for.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> stubborn() {
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    log("not yet");
  }
  co_await sleep(20ms);
  log("stubborn finished");
}

Coro<> leaves_one() {
  create_task(stubborn());
  co_await ticks(1);
  log("main returns");
}

void program() {
  run(leaves_one());
  log("run returned");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// run() raises CancelledError when main ended cancelled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> stops_itself() {
  current_task().cancel("stop main");
  co_await yield_now();
}

void program() {
  log("run raised", raised_by([] { run(stops_itself()); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A cancelled task did not fail: dropping it reports nothing.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() { co_await sleep(1s); }

Coro<> program() {
  install_handler();
  Task<> task = create_task(body());
  co_await ticks(1);
  task.cancel();
  co_await ticks(2);
  log(outcome(task));
  task = {};
  collect();
  log("no report");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// The report about a task that nobody holds is made at the end of its last step, before the next callback runs.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  log("failing");
  throw std::invalid_argument("x");
  co_return;
}

Coro<> program() {
  install_handler();
  create_task(fail(), named("T"));
  running_loop().call_soon([] { log("callback right after the failing step"); });
  co_await ticks(2);
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Without a handler a report is one record in the log, of level error.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("to the log");
  co_return;
}

Coro<> program() {
  capture_log();
  create_task(fail());
  co_await ticks(2);
  running_loop().call_soon([] { log("loop goes on"); });
  co_await ticks(1);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A body that swallows the CancelledError has exceeded its deadline all the same: TimeoutError. asyncio says nothing.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> block() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("swallowed");
  }
}

Coro<> program() {
  Timeout scope(10ms);
  std::string raised = "no TimeoutError;";
  try {
    co_await scope.run(block());
  } catch (const TimeoutError&) {
    raised = show(std::current_exception()) + ";";
  }
  log(raised, "expired:", scope.expired(), "cancelling:", current_task().cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

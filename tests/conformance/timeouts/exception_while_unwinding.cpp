// Another exception raised while the block unwinds from the timeout wins over TimeoutError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> block() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    throw std::invalid_argument("cleanup");
  }
}

Coro<> program() {
  Timeout scope(10ms);
  try {
    co_await scope.run(block());
  } catch (const std::invalid_argument&) {
    log("raised", std::current_exception(), "| expired:", scope.expired());
  }
  log("cancelling:", current_task().cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// If the awaited future is cancelled by someone else, wait_for raises CancelledError, not TimeoutError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  Future<> future = running_loop().create_future();
  running_loop().call_soon([future]() mutable { future.cancel(); });
  try {
    co_await wait_for(future, 1s);
  } catch (...) {
    log("raised", std::current_exception(), "| main cancelling:", current_task().cancelling());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

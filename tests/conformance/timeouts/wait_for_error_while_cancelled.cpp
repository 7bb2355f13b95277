// An exception raised during the timeout's cancellation replaces TimeoutError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> messy() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    throw std::invalid_argument("cleanup broke");
  }
}

Coro<> program() {
  try {
    co_await wait_for(messy(), 10ms);
  } catch (const std::exception&) {
    log("raised", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

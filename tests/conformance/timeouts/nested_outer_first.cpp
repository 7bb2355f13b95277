// When the outer deadline passes, the inner block sees only CancelledError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> outer_block() {
  Timeout inner(500ms);
  try {
    co_await inner.run([]() -> Coro<> { co_await sleep(1s); });
  } catch (const TimeoutError&) {
    log("inner must not time out");
  } catch (const CancelledError&) {
    log("inner cancelled; expired:", inner.expired());
    throw;
  }
}

Coro<> program() {
  try {
    co_await timeout(10ms, outer_block());
  } catch (const TimeoutError&) {
    log("outer timed out");
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

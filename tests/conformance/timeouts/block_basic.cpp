// timeout() turns its own cancellation of the block into TimeoutError; expired() tells.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> block() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("inside the block it looks like a cancel");
    throw;
  }
}

Coro<> program() {
  Timeout short_one(10ms);
  try {
    co_await short_one.run(block());
  } catch (const TimeoutError&) {
    log("outside:", std::current_exception(), "| expired:", short_one.expired());
  }
  Timeout long_one(50ms);
  co_await long_one.run(ticks(1));
  log("fast block expired:", long_one.expired(), "| cancelling:", current_task().cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// An inner coroutine that swallows the timeout's cancel and returns a value wins: wait_for returns the value.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> stubborn() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("ignoring the cancel");
  }
  co_return "late value";
}

Coro<> program() {
  std::string got = co_await wait_for(stubborn(), 10ms);
  log("got", got);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A main that swallows the cancellation which SIGINT caused, and returns: asyncio forgets the interrupt.
#include <csignal>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> program_main() {
  running_loop().call_later(10ms, [] { std::raise(SIGINT); });
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    log("main swallows the interrupt");
  }
  co_return "normal result";
}

void program() {
  try {
    log("run gives", run(program_main()));
  } catch (const KeyboardInterrupt&) {
    log("run raised", show(std::current_exception()));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

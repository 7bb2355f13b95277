// A second SIGINT raises KeyboardInterrupt at once instead of waiting for a slow cleanup.
#include <csignal>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> slow_cleanup() {
  log("first interrupt: slow cleanup begins");
  try {
    co_await sleep(10s);
    log("must not finish");
  } catch (const CancelledError&) {
    log("cleanup cancelled by the shutdown");
    throw;
  }
}

Coro<> program_main() {
  EventLoop& loop = running_loop();
  loop.call_later(10ms, [] { std::raise(SIGINT); });
  loop.call_later(40ms, [] { std::raise(SIGINT); });
  co_await finally(sleep(10s), slow_cleanup);
}

void program() {
  try {
    run(program_main());
  } catch (const KeyboardInterrupt&) {
    log("KeyboardInterrupt from run()");
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// SIGINT cancels main, then every other task; each cleans up; KeyboardInterrupt comes out of run().
#include <csignal>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> background() {
  Finally finally([] { log("background finally"); });
  co_await sleep(10s);
}

Coro<> interrupted() {
  Finally finally([] { log("main finally"); });
  create_task(background());
  running_loop().call_later(10ms, [] { std::raise(SIGINT); });
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    log("main cancelled");
    throw;
  }
}

void program() {
  std::signal(SIGINT, SIG_DFL);  // a shell may have started this one with SIGINT ignored
  try {
    run(interrupted());
  } catch (const KeyboardInterrupt&) {
    log("KeyboardInterrupt from run()");
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

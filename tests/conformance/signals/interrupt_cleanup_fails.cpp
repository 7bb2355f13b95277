// A main that raises something else while it is interrupted: that comes out instead of KeyboardInterrupt.
#include <csignal>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program_main() {
  running_loop().call_later(10ms, [] { std::raise(SIGINT); });
  auto cleanup = [] { throw OsError("cleanup failed"); };
  co_await finally(sleep(10s), cleanup);
}

void program() {
  try {
    run(program_main());
  } catch (const OsError&) {
    log("run raised", show(std::current_exception()));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

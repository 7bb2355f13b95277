// A main that raises something else while it is interrupted: that comes out instead of KeyboardInterrupt.
#include <csignal>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program_main() {
  running_loop().call_later(10ms, [] { std::raise(SIGINT); });
  auto cleanup = [] { throw std::system_error(std::make_error_code(std::errc::io_error), "cleanup failed"); };
  co_await finally(sleep(10s), cleanup);
}

void program() {
  try {
    run(program_main());
  } catch (const std::system_error&) {
    log("run raised", show(std::current_exception()));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

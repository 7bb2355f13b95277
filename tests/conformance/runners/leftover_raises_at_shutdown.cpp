// A task that is left and fails while run() cancels it is reported in words of its own. They name heed::run().
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> background() {
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    throw std::invalid_argument("cleanup failed");
  }
}

Coro<std::string> leaves_one() {
  install_handler();
  create_task(background(), named("bg"));
  co_await ticks(1);
  co_return "ok";
}

void program() { log("run gives", run(leaves_one())); }

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// When a callback fails and stops the loop, the other callbacks of the iteration still run.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void program() {
  EventLoop loop;
  install_handler(loop);
  loop.call_soon([&loop] {
    loop.stop();
    throw std::invalid_argument("bad callback");
  });
  loop.call_soon([] { log("after bad"); });
  loop.run_forever();
  log("stopped");
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

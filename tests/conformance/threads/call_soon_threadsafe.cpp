// Callbacks from another thread wake a sleeping loop and keep their order; what they throw goes to the handler.
#include <thread>

#include "support/scenario.hpp"

namespace conformance {
namespace {

void program() {
  EventLoop loop;
  install_handler(loop);
  std::thread other([&] {
    std::this_thread::sleep_for(20ms);
    loop.call_soon_threadsafe([] { log("one"); });
    loop.call_soon_threadsafe([] { throw std::invalid_argument("from a threadsafe callback"); });
    loop.call_soon_threadsafe([] { log("two"); });
    loop.call_soon_threadsafe([&] { loop.stop(); });
  });
  loop.run_forever();
  log("loop stopped");
  other.join();
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// In debug mode call_soon() from another thread throws instead of corrupting the loop.
#include <thread>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  loop.set_debug(true);
  auto done = loop.create_future<void>();
  std::thread other([&] {
    log(raised_by([&] { loop.call_soon([] { log("must not run"); }); }));
    loop.call_soon_threadsafe([&done] { done.set_result(); });
  });
  co_await done;
  other.join();
  log("debug:", loop.get_debug());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A future that is completed inside a callback runs its own callbacks in the next iteration.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  Future<std::string> future = loop.create_future<std::string>();
  future.add_done_callback([](Future<std::string> done) { log("callback", done.result()); });
  loop.call_soon([future]() mutable {
    log("completing");
    future.set_result("x");
    log("completed, callback still waiting");
  });
  loop.call_soon([] { log("scheduled before completion"); });
  co_await future;
  log("main resumed");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

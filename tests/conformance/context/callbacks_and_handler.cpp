// Callbacks run in the context of their registration; an awaited coroutine shares the context of its awaiter.
#include "support/scenario.hpp"

namespace conformance {
namespace {

ContextVar<std::string> variable("var", "unset");

Coro<> sub() {
  variable.set("changed by awaited coroutine");
  co_return;
}

Coro<> program() {
  EventLoop& loop = running_loop();
  Future<> future = loop.create_future();
  variable.set("at registration");
  loop.call_soon([] { log("call_soon:", variable.get()); });
  future.add_done_callback([] { log("done callback:", variable.get()); });
  variable.set("later");
  future.set_result();
  co_await ticks(2);
  co_await sub();
  log("main:", variable.get());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

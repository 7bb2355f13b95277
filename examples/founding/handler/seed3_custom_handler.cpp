// The usual shape of a handler: there is always a message, but not always an exception.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void handler(EventLoop&, const ErrorContext& context) {
  log("asyncio:", message_of(context));
  if (context.exception) {
    log("  exception:", context.exception);
  } else {
    log("  no exception in this event");
  }
}

Coro<> fail() {
  throw OsError("sensor gone");
  co_return;
}

Coro<> program() {
  EventLoop& loop = running_loop();
  loop.set_exception_handler(handler);
  create_task(fail());
  co_await ticks(2);
  ErrorContext warning;
  warning.message = "just a warning";
  loop.call_exception_handler(warning);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

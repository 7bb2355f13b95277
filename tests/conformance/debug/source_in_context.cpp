// In debug mode reports carry the place where the task, future or callback was created.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("x");
  co_return;
}

void bad() { throw std::invalid_argument("y"); }

void handler(EventLoop&, const ErrorContext& context) {
  log(message_of(context), "-> source known:", context.source_traceback.has_value());
}

Coro<> program() {
  EventLoop& loop = running_loop();
  loop.set_exception_handler(handler);
  for (bool debug : {false, true}) {
    loop.set_debug(debug);
    create_task(fail());
    loop.call_soon(bad);
    auto future = loop.create_future<int>();
    future.set_exception(std::invalid_argument("z"));
    future = {};
    co_await ticks(2);
  }
  loop.set_debug(false);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

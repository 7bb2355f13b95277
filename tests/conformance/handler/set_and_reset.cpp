// Which handler is set can be asked, and a null handler goes back to the default. What is no handler does not compile.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(std::string what) {
  throw std::invalid_argument(what);
  co_return;
}

Coro<> program() {
  capture_log();
  EventLoop& loop = running_loop();
  log("initially none:", !loop.get_exception_handler());
  install_handler(loop);
  auto* handler = loop.get_exception_handler().target<decltype(&print_context)>();
  log("set:", handler && *handler == print_context);
  create_task(fail("one"), named("T1"));
  co_await ticks(2);
  loop.set_exception_handler(nullptr);
  create_task(fail("two"));
  co_await ticks(2);
  if (!std::constructible_from<ExceptionHandler, int>) log("a non-callable is rejected");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A program may report something itself; a report without a message gets a default one.
#include "support/scenario.hpp"

namespace conformance {
namespace {

ErrorContext report(std::string message, std::exception_ptr exception) {
  ErrorContext context;
  context.message = std::move(message);
  context.exception = std::move(exception);
  return context;
}

Coro<> program() {
  capture_log();
  EventLoop& loop = running_loop();
  loop.call_exception_handler(report("", std::make_exception_ptr(std::runtime_error("no message key"))));
  loop.call_exception_handler(report("only a message", nullptr));
  install_handler(loop);
  loop.call_exception_handler(report("custom", std::make_exception_ptr(std::invalid_argument("v"))));
  co_return;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

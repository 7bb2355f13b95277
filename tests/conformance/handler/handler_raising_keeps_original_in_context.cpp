// The report about a handler that failed carries the report that it failed on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

class TellingLoop : public EventLoop {
 public:
  void default_exception_handler(const ErrorContext& context) override {
    std::exception_ptr original = context.context ? context.context->exception : nullptr;
    log("default:", context.message, "|", context.exception, "| original", original);
  }
};

void broken_handler(EventLoop&, const ErrorContext&) { throw std::runtime_error("handler bug"); }

Coro<> fail() {
  throw std::invalid_argument("original");
  co_return;
}

Coro<> fail_in_background() {
  create_task(fail());
  co_await ticks(2);
}

void program() {
  TellingLoop loop;
  loop.set_exception_handler(broken_handler);
  loop.run_until_complete(fail_in_background());
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

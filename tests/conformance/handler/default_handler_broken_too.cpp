// When the default handler fails as well, one line in the log tells it and the loop goes on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

class BrokenLoop : public EventLoop {
 public:
  void default_exception_handler(const ErrorContext&) override { throw std::out_of_range("default is broken"); }
};

void broken_handler(EventLoop&, const ErrorContext&) { throw std::runtime_error("custom is broken"); }

void bad() { throw std::invalid_argument("original"); }

Coro<> fail_twice() {
  capture_log();
  EventLoop& loop = running_loop();
  loop.call_soon(bad);
  co_await ticks(1);
  loop.set_exception_handler(broken_handler);
  loop.call_soon(bad);
  co_await ticks(1);
  log("loop survived both");
}

void program() {
  BrokenLoop loop;
  loop.run_until_complete(fail_twice());
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A done callback that throws is reported; the callbacks after it and the waiter still run.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  install_handler();
  EventLoop& loop = running_loop();
  Future<std::string> future = loop.create_future<std::string>();
  future.add_done_callback([] { log("first"); });
  future.add_done_callback([] { throw std::runtime_error("callback broke"); });
  future.add_done_callback([] { log("third"); });
  loop.call_soon([future]() mutable { future.set_result("ok"); });
  log("await gives", co_await future);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

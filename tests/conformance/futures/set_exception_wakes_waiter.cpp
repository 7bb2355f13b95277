// An exception set on a future is raised at the await.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  Future<> future = loop.create_future();
  loop.call_soon([future]() mutable { future.set_exception(std::out_of_range("no such key")); });
  try {
    co_await future;
  } catch (const std::out_of_range&) {
    log("caught", std::current_exception());
  }
  log("state:", outcome(future));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// result() and exception() throw InvalidStateError while a future is pending, and CancelledError when it was cancelled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void look(std::string label, Future<> future) {
  log(label, "result ->", kind(raised_by([&] { future.result(); })));
  log(label, "exception ->", kind(raised_by([&] { return future.exception(); })));
}

Coro<> program() {
  EventLoop& loop = running_loop();
  Future<> pending = loop.create_future();
  Future<> cancelled = loop.create_future();
  cancelled.cancel("why");
  look("pending", pending);
  look("cancelled", cancelled);
  log("flags:", pending.done(), pending.cancelled(), cancelled.done(), cancelled.cancelled());
  pending.cancel();
  co_return;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

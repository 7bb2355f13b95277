// gather() takes coroutines, tasks and futures together; a future that failed before raises too.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> coro() { co_return "coro"; }

Coro<> program() {
  EventLoop& loop = running_loop();
  Future<std::string> future = loop.create_future<std::string>();
  loop.call_soon([future]() mutable { future.set_result("future"); });
  log(co_await gather(coro(), future, create_task(coro())));
  Future<> failed = loop.create_future();
  failed.set_exception(OsError("already failed"));
  try {
    co_await gather(coro(), failed);
  } catch (const std::system_error&) {
    log("raised", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// run_until_complete() takes a coroutine, a future or a task and gives its result or its exception.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> coro() { co_return "coro"; }

Coro<> fail() {
  throw OsError("failed");
  co_return;
}

void program() {
  EventLoop loop;
  log(loop.run_until_complete(coro()));
  Future<std::string> future = loop.create_future<std::string>();
  loop.call_soon([future]() mutable { future.set_result("future"); });
  log(loop.run_until_complete(future));
  Task<> task = loop.create_task(fail());
  log("raised", raised_by([&] { loop.run_until_complete(task); }));
  log("again:", outcome(task));
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// When the loop is stopped before the task is done, run_until_complete() raises and the task stays pending.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> slow() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("slow cancelled");
  }
}

void program() {
  EventLoop loop;
  Task<> task = loop.create_task(slow());
  loop.call_soon([&loop] { loop.stop(); });
  log(raised_by([&] { loop.run_until_complete(task); }));
  log("task done:", task.done());
  task.cancel();
  loop.run_until_complete(task);
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A task that is still pending when its loop is gone is reported; there is no exception in that report.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> forever() { co_await sleep(100s); }

void program() {
  EventLoop loop;
  install_handler(loop);
  Task<> task = loop.create_task(forever(), named("P"));
  loop.run_until_complete(ticks(1));
  log("pending:", !task.done());
  loop.close();
  task = {};
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

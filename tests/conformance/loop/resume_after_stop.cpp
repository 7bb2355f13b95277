// A stopped loop can be run again; tasks and timers go on where they were.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> worker(EventLoop& loop) {
  for (int n : {0, 1, 2}) {
    log("step", n);
    if (n == 1) loop.stop();
    co_await sleep(5ms);
  }
  log("worker done");
}

void program() {
  EventLoop loop;
  Task<> task = loop.create_task(worker(loop));
  loop.run_forever();
  log("paused; task done:", task.done());
  loop.run_until_complete(task);
  log("finished; task done:", task.done());
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

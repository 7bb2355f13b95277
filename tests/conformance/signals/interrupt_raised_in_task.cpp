// A KeyboardInterrupt that a task raises comes out of run(); all other tasks are cancelled first.
#include "support/scenario.hpp"

namespace conformance {
namespace {

std::vector<std::string> stopped;

Coro<> other() {
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    stopped.push_back("other");
    throw;
  }
}

Coro<> bad() {
  throw KeyboardInterrupt("from a task");
  co_return;
}

Coro<> program_main() {
  create_task(other(), named("other"));
  co_await ticks(1);
  Task<> task = create_task(bad(), named("bad"));
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    stopped.push_back("main");
    stopped.push_back("bad failed with " + show(task.exception()));
    throw;
  }
}

void program() {
  try {
    run(program_main());
  } catch (const KeyboardInterrupt&) {
    log("run raised", show(std::current_exception()));
  }
  std::sort(stopped.begin(), stopped.end());
  log(stopped);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

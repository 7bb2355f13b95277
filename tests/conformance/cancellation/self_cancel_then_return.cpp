// A task cancels itself and returns without another await.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> body() {
  current_task().cancel("last moment");
  co_return "lost";
}

Coro<> program() {
  Task<std::string> task = create_task(body());
  co_await wait(ALL_COMPLETED, task);
  log(outcome(task));
  try {
    co_await task;
  } catch (const CancelledError&) {
    log("awaiting it raised", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

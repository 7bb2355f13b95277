// A CancelledError raised by the body without any cancel() request still aborts the group and propagates.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("child cancelled");
    throw;
  }
}

Coro<> block(TaskGroup& group) {
  group.create_task(child());
  co_await ticks(1);
  throw CancelledError("made by hand");
}

Coro<> program() {
  try {
    co_await task_group(block);
  } catch (const CancelledError&) {
    log("raised", std::current_exception(), "| cancelling:", current_task().cancelling());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Cancelling a gather cancels every unfinished child; CancelledError is raised as soon as the first of them has ended.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> work(std::string name, int cleanup) {
  Outcome<void> slept = co_await as_result(sleep(1s));
  if (slept.cancelled()) {
    log(name, "cancelled, cleaning up");
    co_await ticks(cleanup);
    log(name, "cleaned up");
  }
  slept.value();
}

Coro<> program() {
  Task<> a = create_task(work("A", 1));
  Task<> b = create_task(work("B", 4));
  auto group = gather(a, b);
  co_await ticks(2);
  log("cancel returns", group.cancel());
  try {
    co_await group;
  } catch (const CancelledError&) {
    log("gather raised; A done:", a.done(), "B done:", b.done());
  }
  co_await wait(ALL_COMPLETED, b);
  log("group.cancelled():", group.cancelled());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

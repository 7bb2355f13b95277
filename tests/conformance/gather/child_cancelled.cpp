// A child that is cancelled makes the gather raise CancelledError; the other children go on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n) {
  co_await ticks(n);
  log("finished", n);
  co_return n;
}

Coro<> program() {
  Task<int> victim = create_task(work(50), named("victim"));
  Task<int> other = create_task(work(4), named("other"));
  auto group = gather(victim, other);
  co_await ticks(1);
  victim.cancel("not needed");
  try {
    co_await group;
  } catch (const CancelledError&) {
    log("raised", std::current_exception(), "| main cancelling:", current_task().cancelling());
  }
  log("group.cancelled():", group.cancelled(), "| other done:", other.done());
  log("other gives", co_await other);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

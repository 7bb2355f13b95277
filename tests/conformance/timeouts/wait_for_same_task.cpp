// wait_for runs a coroutine in the caller's own task, as since Python 3.12.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner(AnyTask caller) {
  log("same task as the caller:", current_task() == caller);
  co_return;
}

Coro<> program() { co_await wait_for(inner(current_task()), 1s); }

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// uncancel() takes back a request that was not delivered yet.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  AnyTask me = current_task();
  me.cancel();
  log("uncancel ->", me.uncancel());
  try {
    co_await yield_now();
    log("not delivered");
  } catch (const CancelledError&) {
    log("delivered anyway");
  }
}

Coro<> program() { co_await create_task(body()); }

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

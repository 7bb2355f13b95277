// On timeout the inner coroutine is cancelled, its cleanup is awaited, then TimeoutError is raised.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> slow() {
  auto slept = co_await as_result(sleep(1s));
  if (slept.cancelled()) {
    log("slow cancelled");
    co_await sleep(10ms);
    log("slow cleaned up");
  }
  slept.value();
}

Coro<> program() {
  try {
    co_await wait_for(slow(), 10ms);
  } catch (const TimeoutError&) {
    log("raised", std::current_exception(), "| cancelling:", current_task().cancelling());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// When the awaited task swallows the cancellation that was forwarded to it, the task that awaits it is not cancelled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> inner() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("inner swallows");
  }
  co_return "inner value";
}

Coro<> outer(Task<std::string> task) {
  std::string value = co_await task;
  log("outer got", value, "| cancelling:", current_task().cancelling());
  co_await yield_now();
  log("outer was not cancelled");
}

Coro<> program() {
  Task<std::string> i = create_task(inner());
  Task<> o = create_task(outer(i));
  co_await ticks(2);
  o.cancel();
  co_await wait(ALL_COMPLETED, o);
  log("outer", outcome(o));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

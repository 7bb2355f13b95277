// wait() says that a task failed, and nobody asks for the failure. With FIRST_EXCEPTION asyncio has read it and
// forgets it; heed reports it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("found by wait, read by nobody");
  co_return;
}

Coro<> slow() { co_await ticks(20); }

Coro<> attempt(std::string mode, ReturnWhen when) {
  Task<> bad = create_task(fail(), named("bad"));
  Task<> other = create_task(slow(), named("slow"));
  auto result = co_await wait(when, bad, other);
  log(mode, "done", result.done.size(), "pending", result.pending.size());
  other.cancel();
}

Coro<> program() {
  install_handler();
  co_await attempt("FIRST_COMPLETED", FIRST_COMPLETED);
  collect();
  co_await attempt("FIRST_EXCEPTION", FIRST_EXCEPTION);
  collect();
  log("the second failure was not reported");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

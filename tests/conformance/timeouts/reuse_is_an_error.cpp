// A timeout object can be entered once only, and only inside a task.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  auto again = [](Timeout& scope) -> Coro<> {
    try {
      co_await scope.run([]() -> Coro<> {
        log("must not run");
        co_return;
      });
    } catch (const std::runtime_error&) {
      log(std::current_exception());
    }
  };
  co_await timeout(1s, again);
  log(raised_by([] { Timeout(1s).reschedule(std::nullopt); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

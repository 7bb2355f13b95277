// reschedule() moves the deadline; none disables it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> without_deadline(Timeout& scope) {
  scope.reschedule(std::nullopt);
  co_await sleep(30ms);
  log("survived, deadline is none:", !scope.when());
}

Coro<> with_late_deadline(Timeout& scope) {
  scope.reschedule(running_loop().time() + 10ms);
  co_await sleep(1s);
}

Coro<> program() {
  co_await timeout(10ms, without_deadline);
  Timeout scope(std::nullopt);
  try {
    co_await scope.run(with_late_deadline);
  } catch (const TimeoutError&) {
    log("timed out after reschedule");
  }
  log(raised_by([&] { scope.reschedule(running_loop().time()); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

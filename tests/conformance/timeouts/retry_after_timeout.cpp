// A retry loop around a timeout: the task stays usable after each TimeoutError.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> attempt(int n) {
  auto block = [n]() -> Coro<std::string> {
    if (n < 3) {
      co_await sleep(1s);
    } else {
      co_await yield_now();
    }
    co_return "attempt " + std::to_string(n) + " worked";
  };
  try {
    co_return co_await timeout(10ms, block);
  } catch (const TimeoutError&) {
    log("attempt", n, "timed out");
  }
  co_return "";
}

Coro<> program() {
  std::string result;
  for (int n = 1; result.empty(); ++n) result = co_await attempt(n);
  log(result, "| cancelling:", current_task().cancelling());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

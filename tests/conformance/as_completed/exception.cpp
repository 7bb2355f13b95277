// A failure is raised by the await of the step it completes at; the iteration goes on afterwards.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n, bool bad = false) {
  co_await ticks(n);
  if (bad) throw std::invalid_argument("work " + std::to_string(n));
  co_return n;
}

Coro<> program() {
  for (Coro<int> next : as_completed(work(5), work(1), work(3, true))) {
    try {
      int value = co_await std::move(next);
      log("got", value);
    } catch (const std::invalid_argument&) {
      log("failed", show(std::current_exception()));
    }
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

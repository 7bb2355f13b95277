// as_completed() gives the results in the order in which they come.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n) {
  co_await ticks(n);
  co_return n;
}

Coro<> program() {
  for (Coro<int> next : as_completed(work(5), work(1), work(3))) {
    int value = co_await std::move(next);
    log("got", value);
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// The results are in the order of the arguments, whatever the order of completion.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n) {
  co_await ticks(n);
  log("finished", n);
  co_return n * 10;
}

Coro<> program() { log(co_await gather(work(3), work(1), work(2))); }

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// ensure_future() gives a future back as it is and makes a task of a coroutine.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> child() { co_return 3; }

Coro<> program() {
  Future<> future = running_loop().create_future();
  log("future unchanged:", ensure_future(future) == future);
  auto task = ensure_future(child());
  log("coroutine wrapped:", std::same_as<decltype(task), Task<int>>);
  log("result", co_await task);
  future.cancel();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

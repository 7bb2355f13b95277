// A child that raises something else while it is cancelled: that comes out of the gather.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    throw std::runtime_error("cleanup failed");
  }
}

Coro<> program() {
  install_handler();
  auto group = gather(child());
  co_await ticks(2);
  group.cancel();
  Outcome<std::tuple<std::monostate>> result = co_await as_result(group);
  if (result.exception()) log("raised", result.exception());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Cancelling a gather that already raised returns false and leaves the children that go on alone.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("first");
  co_return;
}

Coro<std::string> survivor() {
  co_await ticks(5);
  log("survivor finished");
  co_return "ok";
}

Coro<> program() {
  Task<std::string> task = create_task(survivor());
  auto group = gather(fail(), task);
  try {
    co_await group;
  } catch (const std::invalid_argument&) {
    log("cancel returns", group.cancel());
  }
  log("survivor gives", co_await task);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

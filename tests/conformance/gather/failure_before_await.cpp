// A child that fails before anybody awaits the gather: the await raises it, later.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("early");
  co_return;
}

Coro<> program() {
  install_handler();
  auto group = gather(fail());
  co_await ticks(4);
  log("already done:", group.done());
  try {
    co_await group;
  } catch (const std::invalid_argument&) {
    log("await raised", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Failures that nobody reads are reported once each, in the order in which they happened.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(int n) {
  co_await ticks(n);
  throw std::invalid_argument("number " + std::to_string(n));
}

Coro<> program() {
  install_handler();
  for (int n : {3, 1, 2}) create_task(fail(n), named("T" + std::to_string(n)));
  co_await ticks(6);
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

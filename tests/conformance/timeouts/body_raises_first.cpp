// An exception in the block before the deadline passes unchanged.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> block() {
  co_await ticks(1);
  throw std::invalid_argument("body");
}

Coro<> program() {
  Timeout scope(1s);
  try {
    co_await scope.run(block());
  } catch (const std::invalid_argument&) {
    log(std::current_exception(), "| expired:", scope.expired());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

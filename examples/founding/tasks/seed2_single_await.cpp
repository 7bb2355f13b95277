// An exception of an awaited coroutine reaches the caller's catch clause.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> foo() {
  throw std::invalid_argument("Foo value error");
  co_return 0;
}

Coro<> program() {
  try {
    int result = co_await foo();
    log(result);
  } catch (const std::invalid_argument&) {
    log(std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

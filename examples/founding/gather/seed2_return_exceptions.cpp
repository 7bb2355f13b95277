// With return_exceptions everybody is waited for, and a failure is an entry of the result.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> foo() {
  throw std::invalid_argument("Foo value error");
  co_return;
}

Coro<std::string> bar() {
  co_await sleep(10ms);
  co_return "Bar finished";
}

Coro<> program() {
  install_handler();
  auto results = co_await gather(return_exceptions, foo(), bar());
  log(results);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// After the first failure of a gather its children may fail as well. asyncio never tells; heed reports them.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(int n, std::string what) {
  co_await ticks(n);
  log("raising", what);
  throw std::invalid_argument(what);
}

Coro<> program() {
  install_handler();
  try {
    co_await gather(fail(1, "first"), fail(3, "second"), fail(5, "third"));
  } catch (const std::invalid_argument&) {
    log("gather raised", std::current_exception());
  }
  co_await ticks(8);
  collect();
  log("second and third left no trace");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A child that outlives the gather is cancelled by the end of run(), not by the gather.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> foo() {
  throw std::invalid_argument("Foo value error.");
  co_return "";
}

Coro<std::string> bar() {
  try {
    co_await sleep(1s);
    co_return "Bar finished.";
  } catch (const CancelledError&) {
    log("Bar Cancelled.");
  }
  co_return "";
}

Coro<> program() {
  try {
    log(co_await gather(foo(), bar()));
  } catch (const std::invalid_argument&) {
    log("Value Error raised.");
  }
  co_await ticks(3);
  log("main returns; bar has not been touched yet");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

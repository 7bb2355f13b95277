// An exception crosses three awaits, and what must run on the way runs innermost first.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> level3() {
  Finally leave([] { log("finally 3"); });
  throw std::invalid_argument("deep");
  co_return;
}

Coro<> level2() {
  Outcome<void> result = co_await as_result(level3());
  co_await yield_now();
  log("finally 2");
  result.value();
}

Coro<> level1() {
  Finally leave([] { log("finally 1"); });
  try {
    co_await level2();
  } catch (const std::out_of_range&) {
    log("wrong handler");
  }
}

Coro<> program() {
  try {
    co_await level1();
  } catch (const std::invalid_argument&) {
    log("main", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// An exception crosses nested gathers one level at a time, while the outer sibling goes on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  co_await ticks(1);
  throw std::invalid_argument("inner");
}

Coro<int> ok(int n) {
  co_await ticks(n);
  log("ok", n);
  co_return n;
}

Coro<> inner() {
  try {
    co_await gather(ok(3), fail());
  } catch (const std::invalid_argument&) {
    log("inner gather raised", std::current_exception());
    std::throw_with_nested(std::runtime_error("inner group failed"));
  }
}

Coro<> program() {
  Task<int> late = create_task(ok(6));
  try {
    co_await gather(inner(), late);
  } catch (const std::runtime_error&) {
    log("outer gather raised", std::current_exception());
  }
  co_await late;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

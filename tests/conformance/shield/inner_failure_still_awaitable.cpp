// After the outer was cancelled the inner exception can still be awaited directly.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner() {
  co_await ticks(4);
  throw std::invalid_argument("caught later");
}

Coro<> program() {
  running_loop().set_exception_handler([](EventLoop&, const ErrorContext&) {});
  Task<> task = create_task(inner());
  try {
    co_await wait_for(shield(task), 0s);
  } catch (const TimeoutError&) {
    log("shield timed out");
  }
  try {
    co_await task;
  } catch (const std::invalid_argument&) {
    log("inner awaited:", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

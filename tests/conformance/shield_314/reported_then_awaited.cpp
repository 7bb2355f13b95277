// A shielded failure after the outer future was cancelled belongs to the inner task. asyncio 3.14 reports it even when
// that is awaited later.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  co_await ticks(3);
  throw std::invalid_argument("caught later");
}

Coro<> program() {
  install_handler();
  Task<> task = create_task(fail(), named("inner"));
  Future<> shielded_task = shield(task);
  co_await ticks(1);
  shielded_task.cancel();
  try {
    co_await task;
  } catch (const std::invalid_argument&) {
    log("awaited", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

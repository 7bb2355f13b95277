// What is raised in place of CancelledError is a failure like any other, and is reported when nobody reads it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> body() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    throw std::runtime_error("cancel converted");
  }
}

Coro<> program() {
  install_handler();
  Task<> task = create_task(body(), named("T"));
  co_await ticks(1);
  task.cancel();
  co_await ticks(2);
  log("done:", task.done(), "cancelled:", task.cancelled());
  task = {};
  collect();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// The inner task fails after the outer future was cancelled. The failure stays with the inner task: it is reported when
// that is dropped.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner() {
  co_await ticks(5);
  log("inner fails");
  throw std::invalid_argument("after outer cancel");
}

Coro<> program() {
  install_handler();
  Task<> task = create_task(inner(), named("inner"));
  Future<> shielded_task = shield(task);
  co_await ticks(1);
  shielded_task.cancel();
  co_await ticks(8);
  log("inner done:", task.done());
  task = {};
  shielded_task = {};
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

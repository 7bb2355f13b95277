// The outer future is cancelled in the very tick the inner task failed: the failure is reported (Python 3.14).
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> inner() {
  throw std::invalid_argument("lost in the race");
  co_return;
}

Coro<> program() {
  install_handler();
  Task<> task = create_task(inner(), named("inner"));
  Future<> shielded_task = shield(task);
  task.add_done_callback([] {});
  running_loop().call_soon([shielded_task]() mutable { shielded_task.cancel(); });
  co_await ticks(3);
  log("inner done:", task.done(), "| shield cancelled:", shielded_task.cancelled());
  task = {};
  shielded_task = {};
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A done callback that reads the exception retrieves it: no report follows.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("seen by callback");
  co_return;
}

Coro<> program() {
  install_handler();
  Task<> task = create_task(fail(), named("F"));
  task.add_done_callback([](Task<> done) { log("cb:", done.exception()); });
  task = {};
  co_await ticks(3);
  collect();
  log("end, no report");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Done callbacks run in order of registration, after the last step of the task, and get the finished task.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> child() {
  log("child body");
  co_return 5;
}

Coro<> program() {
  Task<int> task = create_task(child(), named("C"));
  task.add_done_callback([](Task<int> done) { log("cb1", done.name(), done.result()); });
  task.add_done_callback([] { log("cb2"); });
  log("await gives", co_await task);
  log("callbacks registered before the await ran before it resumed");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A closed loop refuses a new task, and the coroutine never runs.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() {
  log("must not run");
  co_return;
}

void program() {
  EventLoop loop;
  loop.close();
  log(raised_by([&] { loop.create_task(child()); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

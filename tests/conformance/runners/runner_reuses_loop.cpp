// A Runner keeps its loop from one run to the next; what is left is cancelled when the runner is closed.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> background() {
  Finally leave([] { log("background stopped"); });
  co_await sleep(10s);
}

Coro<EventLoop*> first() {
  create_task(background());
  co_await ticks(1);
  co_return &running_loop();
}

Coro<EventLoop*> second() { co_return &running_loop(); }

void program() {
  Runner runner;
  EventLoop* one = runner.run(first());
  log("first run over");
  EventLoop* two = runner.run(second());
  log("same loop:", one == two);
  runner.close();
  log("closed:", one->is_closed());
  log(raised_by([&] { runner.get_loop(); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// When main fails, what is left is cancelled before run() raises.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> background() {
  Finally leave([] { log("background stopped"); });
  co_await sleep(10s);
}

Coro<> fails() {
  create_task(background());
  co_await ticks(1);
  throw std::runtime_error("main failed");
}

void program() {
  log("run raised", raised_by([] { run(fails()); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

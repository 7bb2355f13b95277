// In debug mode a step longer than slow_callback_duration is logged as a warning.
#include <thread>

#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> slow_step() {
  std::this_thread::sleep_for(250ms);
  co_return;
}

Coro<> program() {
  capture_log();
  EventLoop& loop = running_loop();
  loop.set_debug(true);
  loop.set_slow_callback_duration(200ms);
  co_await create_task(slow_step());
  loop.set_slow_callback_duration(5s);
  co_await create_task(slow_step());
  log("only the first was slow enough");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

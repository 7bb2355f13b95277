// No timer fires before its deadline, as a task that it wakes can tell by the loop's clock.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  TimePoint start = loop.time();
  int early = 0;
  for (auto delay : {5ms, 10ms, 15ms}) {
    TimePoint before = loop.time();
    co_await sleep(delay);
    if (loop.time() - before < delay - 1ms) ++early;
  }
  log("early wake-ups:", early);
  log("clock moved forward:", loop.time() > start);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

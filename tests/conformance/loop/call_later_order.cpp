// Timers fire in the order of their deadlines, whatever the order of registration.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  for (double delay : {0.06, 0.02, 0.04})
    loop.call_later(std::chrono::duration<double>(delay), [delay] { log("timer", delay); });
  loop.call_at(loop.time() + 30ms, [] { log("call_at 0.03"); });
  loop.call_soon([] { log("call_soon first"); });
  co_await sleep(90ms);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

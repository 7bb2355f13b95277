// The timeout is for the whole iteration: the steps that are left raise TimeoutError, the tasks are not cancelled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<double> work(double delay) {
  co_await sleep(std::chrono::duration<double>(delay));
  log("work finished", delay);
  co_return delay;
}

Coro<> program() {
  Task<double> fast = create_task(work(0.01));
  Task<double> slow = create_task(work(0.08));
  for (Coro<double> next : as_completed(40ms, slow, fast)) {
    try {
      double value = co_await std::move(next);
      log("got", value);
    } catch (const TimeoutError&) {
      log("raised", show(std::current_exception()), "| slow cancelled:", slow.cancelled());
    }
  }
  co_await slow;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Submitting to a closed loop throws in the caller.
#include <thread>

#include "heed/threads/thread_future.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> work() {
  log("must not run");
  co_return;
}

void program() {
  EventLoop loop;
  loop.close();
  try {
    run_coroutine_threadsafe(work(), loop);
  } catch (const std::runtime_error&) {
    log(std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

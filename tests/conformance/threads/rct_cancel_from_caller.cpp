// Cancelling the future in the calling thread cancels the loop's task.
#include <latch>
#include <thread>

#include "heed/threads/thread_future.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

void program() {
  EventLoop loop;
  std::latch running(1), stopped(1);
  auto work = [&]() -> Coro<> {
    running.count_down();
    try {
      co_await sleep(5s);
    } catch (const CancelledError&) {
      log("task cancelled in the loop");
      stopped.count_down();
      throw;
    }
  };
  std::thread thread([&] { loop.run_forever(); });
  ThreadFuture<> future = run_coroutine_threadsafe(work(), loop);
  running.wait();
  bool cancelled = future.cancel();
  stopped.wait();
  log("cancel returned", cancelled);
  try {
    future.result(1s);
  } catch (const CancelledError&) {
    log("result() raises CancelledError in the caller");
  }
  loop.call_soon_threadsafe([&] { loop.stop(); });
  thread.join();
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

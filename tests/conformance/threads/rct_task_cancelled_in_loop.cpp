// A task that is cancelled in the loop is a cancelled future for the calling thread.
#include <thread>

#include "heed/threads/thread_future.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> work() {
  current_task().cancel();
  co_await sleep(1s);
}

void program() {
  EventLoop loop;
  std::thread thread([&] { loop.run_forever(); });
  ThreadFuture<> future = run_coroutine_threadsafe(work(), loop);
  try {
    future.result(2s);
  } catch (const CancelledError&) {
    log("caller sees CancelledError; future cancelled:", future.cancelled());
  }
  loop.call_soon_threadsafe([&] { loop.stop(); });
  thread.join();
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

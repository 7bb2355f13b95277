// A timeout of result() leaves the task running; its result can be read later.
#include <thread>

#include "heed/threads/thread_future.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> work() {
  co_await sleep(60ms);
  co_return "late";
}

void program() {
  EventLoop loop;
  std::thread thread([&] { loop.run_forever(); });
  ThreadFuture<std::string> future = run_coroutine_threadsafe(work(), loop);
  try {
    future.result(10ms);
  } catch (const TimeoutError&) {
    log("timed out; cancelled:", future.cancelled());
  }
  log("later:", future.result(2s));
  loop.call_soon_threadsafe([&] { loop.stop(); });
  thread.join();
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

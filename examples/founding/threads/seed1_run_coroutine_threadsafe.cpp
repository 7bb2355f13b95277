// The loop runs in a thread; the main thread gets the coroutine's exception out of the future that it was given.
#include <thread>

#include "heed/threads/thread_future.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> test(int n) {
  co_await sleep(n * 10ms);
  std::string name = "test(" + std::to_string(n) + ")";
  log(name);
  throw std::runtime_error(name + " !!!");
}

void program() {
  EventLoop loop;
  std::thread thread([&loop] { loop.run_forever(); });
  ThreadFuture<> future = run_coroutine_threadsafe(test(3), loop);
  try {
    future.result();
    log("no failure");
  } catch (const std::runtime_error&) {
    log("from the future:", future.exception());
  }
  loop.call_soon_threadsafe([&loop] { loop.stop(); });
  thread.join();
  loop.close();
  log("thread joined");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

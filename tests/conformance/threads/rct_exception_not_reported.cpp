// Nobody reads the future of run_coroutine_threadsafe(): asyncio takes the failure for read.
#include <latch>
#include <thread>

#include "heed/threads/thread_future.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

void program() {
  EventLoop loop;
  install_handler(loop);
  std::latch done(1);
  auto fail = [&]() -> Coro<> {
    loop.call_soon([&] { done.count_down(); });
    throw std::invalid_argument("unread");
    co_return;
  };
  std::thread thread([&] { loop.run_forever(); });
  run_coroutine_threadsafe(fail(), loop);
  done.wait();
  loop.call_soon_threadsafe([&] { loop.stop(); });
  thread.join();
  collect();
  loop.close();
  if (loop.failures().failures().reported == 0) log("nothing reported");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

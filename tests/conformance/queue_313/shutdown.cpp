// After shutdown() puts fail at once; gets take what is left and then raise QueueShutDown.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  Queue<std::string> queue;
  queue.put_nowait("a");
  queue.put_nowait("b");
  queue.shutdown();
  try {
    queue.put_nowait("c");
  } catch (const QueueShutDown&) {
    log("put", std::current_exception());
  }
  std::string first = co_await queue.get();
  std::string second = co_await queue.get();
  log("get", first, second);
  try {
    co_await queue.get();
  } catch (const QueueShutDown&) {
    log("get", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

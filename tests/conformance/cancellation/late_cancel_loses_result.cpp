// A task is cancelled when the task it awaits is done with a result, but before it continues.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> transfer() {
  co_await ticks(1);
  log("money moved");
  co_return "receipt";
}

Coro<> worker(Task<std::string> task) {
  std::string receipt = co_await task;
  log("never gets the", receipt);
}

Coro<> program() {
  Task<std::string> inner = create_task(transfer());
  Task<> waiting = create_task(worker(inner));
  inner.add_done_callback([waiting]() mutable { waiting.cancel(); });
  co_await wait(ALL_COMPLETED, waiting);
  log("worker", outcome(waiting), "| inner", outcome(inner));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

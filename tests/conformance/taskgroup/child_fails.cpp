// A failing child cancels its siblings and the body; everything is collected in an ExceptionGroup.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  co_await ticks(1);
  throw std::invalid_argument("child failed");
}

Coro<> sibling() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("sibling cancelled");
    throw;
  }
}

Coro<> program() {
  Task<> other;
  auto block = [&](TaskGroup& group) -> Coro<> {
    other = group.create_task(sibling());
    group.create_task(fail());
    try {
      co_await sleep(1s);
    } catch (const CancelledError&) {
      log("body cancelled");
      throw;
    }
  };
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
  log("sibling", outcome(other), "| cancelling:", current_task().cancelling());
  co_await yield_now();
  log("main goes on normally");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A sibling that swallows the cancel and keeps working delays the group's exit; the group still raises afterwards.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> stubborn() {
  try {
    co_await sleep(1s);
  } catch (const CancelledError&) {
    log("stubborn ignores the cancel");
  }
  co_await ticks(5);
  log("stubborn finished");
  co_return "result";
}

Coro<> fail() {
  throw std::invalid_argument("abort");
  co_return;
}

Coro<> program() {
  Task<std::string> sibling;
  auto block = [&](TaskGroup& group) -> Coro<> {
    sibling = group.create_task(stubborn());
    group.create_task(fail());
    co_return;
  };
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log(std::current_exception(), "| stubborn", outcome(sibling));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

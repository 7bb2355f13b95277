// A KeyboardInterrupt of a group's child is not wrapped in an ExceptionGroup.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> sibling() {
  try {
    co_await sleep(10s);
  } catch (const CancelledError&) {
    log("sibling cancelled");
    throw;
  }
}

Coro<> bad() {
  co_await ticks(1);
  throw KeyboardInterrupt("stop");
}

Coro<> program_main() {
  current_task().set_name("main");
  install_handler();
  auto body = [](TaskGroup& group) -> Coro<> {
    group.create_task(sibling());
    group.create_task(bad(), named("bad"));
    co_return;
  };
  try {
    co_await task_group(body);
  } catch (...) {
    log("main got", show(std::current_exception()));
    throw;
  }
}

void program() {
  try {
    run(program_main());
  } catch (const KeyboardInterrupt&) {
    log("run raised", show(std::current_exception()));
  }
  collect();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

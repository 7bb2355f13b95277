// A child that fails while the group is being cancelled still comes out as an ExceptionGroup.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() {
  auto slept = co_await as_result(sleep(10s));
  throw OsError("cleanup failed");
}

Coro<> block(TaskGroup& group) {
  group.create_task(child());
  co_await ticks(1);
  group.cancel();
}

Coro<> program() {
  try {
    co_await task_group(block);
  } catch (const ExceptionGroup&) {
    log(std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

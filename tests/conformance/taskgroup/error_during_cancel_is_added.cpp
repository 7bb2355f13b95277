// A sibling that raises while being cancelled adds its exception to the group.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("trigger");
  co_return;
}

Coro<> bad_cleanup() {
  auto slept = co_await as_result(sleep(1s));
  if (!slept.cancelled()) co_return;
  co_await ticks(2);
  throw OsError("cleanup failed");
}

Coro<> block(TaskGroup& group) {
  group.create_task(bad_cleanup());
  group.create_task(fail());
  co_return;
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

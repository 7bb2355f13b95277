// Two tasks that await the same failing task both get its exception, in the order in which they began to wait.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  co_await ticks(2);
  throw std::invalid_argument("shared");
}

Coro<> waiter(std::string name, Task<> task) {
  try {
    co_await task;
  } catch (const std::invalid_argument&) {
    log(name, "got", std::current_exception());
  }
}

Coro<> program() {
  Task<> task = create_task(fail());
  Task<> a = create_task(waiter("A", task));
  Task<> b = create_task(waiter("B", task));
  co_await wait(ALL_COMPLETED, a, b);
  log("task:", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

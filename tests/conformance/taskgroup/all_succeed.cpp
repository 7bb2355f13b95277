// Leaving the group waits for every child; results are read from the tasks.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<int> work(int n) {
  co_await ticks(n);
  log("finished", n);
  co_return n* n;
}

Coro<> program() {
  Task<int> a;
  Task<int> b;
  co_await task_group([&](TaskGroup& group) -> Coro<> {
    a = group.create_task(work(3));
    b = group.create_task(work(1));
    log("body ends");
    co_return;
  });
  log("results", a.result(), b.result());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

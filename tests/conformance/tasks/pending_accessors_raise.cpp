// The accessors of an unfinished task throw, and nobody but its coroutine may finish it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> child() { co_await yield_now(); }

Coro<> program() {
  Task<> task = create_task(child());
  log("result ->", kind(raised_by([&] { task.result(); })));
  log("exception ->", kind(raised_by([&] { return task.exception(); })));
  log("set_result ->", kind(raised_by([&] { task.set_result(); })));
  log("set_exception ->", kind(raised_by([&] { task.set_exception(std::invalid_argument("x")); })));
  co_await task;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

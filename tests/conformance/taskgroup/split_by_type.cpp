// Handling one kind of error and letting the rest through: split().
#include "support/scenario.hpp"

namespace conformance {
namespace {

template <class E>
Coro<> fail(E error) {
  throw error;
  co_return;
}

Coro<> run_group() {
  co_await task_group([](TaskGroup& group) -> Coro<> {
    group.create_task(fail(std::invalid_argument("a")));
    group.create_task(fail(OsError("b")));
    group.create_task(fail(std::invalid_argument("c")));
    co_return;
  });
}

// What `except* ValueError` does.
Coro<> run_group_except_value_errors() {
  try {
    co_await run_group();
  } catch (const ExceptionGroup& group) {
    ExceptionGroup::Split parts = group.split<std::invalid_argument>();
    if (parts.matched) log("except* took", parts.matched->exceptions().size());
    if (parts.rest) throw *parts.rest;
  }
}

Coro<> program() {
  try {
    co_await run_group();
  } catch (const ExceptionGroup& group) {
    ExceptionGroup::Split parts = group.split<std::invalid_argument>();
    log("match", std::make_exception_ptr(*parts.matched));
    log("rest", std::make_exception_ptr(*parts.rest));
  }
  try {
    co_await run_group_except_value_errors();
  } catch (const ExceptionGroup&) {
    log("left over", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

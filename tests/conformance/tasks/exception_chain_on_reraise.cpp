// std::throw_with_nested keeps the first exception as the cause of the second, across an await too.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> low() {
  throw OsError("disk");
  co_return;
}

Coro<> high() {
  try {
    co_await low();
  } catch (const std::system_error&) {
    std::throw_with_nested(std::runtime_error("load failed"));
  }
}

Coro<> program() {
  try {
    co_await create_task(high());
  } catch (const std::runtime_error&) {
    std::exception_ptr exception = std::current_exception();
    log(exception, "| cause", cause_of(exception));
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

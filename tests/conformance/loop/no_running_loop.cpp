// Outside of a loop there is no running loop, and a task cannot be made.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> nothing() { co_return; }

void program() {
  log(raised_by([] { running_loop(); }));
  log(raised_by([] { create_task(nothing()); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

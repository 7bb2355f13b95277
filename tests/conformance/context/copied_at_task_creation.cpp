// A task gets a copy of the context at its creation; later changes cross in neither direction.
#include "support/scenario.hpp"

namespace conformance {
namespace {

ContextVar<std::string> variable("var", "unset");

Coro<> child(std::string name) {
  log(name, "sees", variable.get());
  variable.set("set by " + name);
  co_await yield_now();
  log(name, "keeps", variable.get());
}

Coro<> program() {
  variable.set("main 1");
  Task<> a = create_task(child("A"));
  variable.set("main 2");
  Task<> b = create_task(child("B"));
  co_await wait(ALL_COMPLETED, a, b);
  log("main keeps", variable.get());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

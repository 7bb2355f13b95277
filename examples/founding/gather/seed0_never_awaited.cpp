// A gather that nobody awaits raises nowhere; its failure is reported when it is dropped.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(int n) {
  co_await ticks(n);
  throw std::invalid_argument("child " + std::to_string(n));
}

Coro<> program() {
  install_handler();
  std::vector<Coro<>> children;
  for (int n : {1, 2}) children.push_back(fail(n));
  auto group = gather(std::move(children));
  co_await ticks(6);
  log("group done:", group.done(), "- nothing reported while it is held");
  group = {};
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

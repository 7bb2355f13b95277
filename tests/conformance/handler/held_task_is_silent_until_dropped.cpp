// A failed task that somebody holds is not reported yet; dropping the last handle reports it. (heed also reports it
// after a while when nobody drops it.)
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail(std::string what) {
  throw std::invalid_argument(what);
  co_return;
}

Coro<> program() {
  install_handler();
  std::vector<Task<>> bag;
  bag.push_back(create_task(fail("in container"), named("A")));
  Task<> held = create_task(fail("in variable"), named("B"));
  co_await ticks(3);
  log("both failed, nothing reported:", bag[0].done(), held.done());
  held = {};
  collect();
  log("variable dropped");
  bag.clear();
  collect();
  log("container dropped");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// The failure of the task that nobody holds reaches the handler, which stops the loop; those of the two others when
// they are dropped.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> test(int n) {
  co_await sleep(n * 10ms);
  std::string name = "test(" + std::to_string(n) + ")";
  log(name);
  throw std::runtime_error(name + " !!!");
}

void program() {
  EventLoop loop;
  loop.set_exception_handler([](EventLoop& failing, const ErrorContext& context) {
    log("exception handling:", context.exception);
    failing.stop();
  });
  std::vector<Task<>> runners;
  runners.push_back(loop.create_task(test(3)));
  Task<> held = loop.create_task(test(4));
  loop.create_task(test(5));
  loop.run_forever();
  log("loop stopped");
  held = {};
  collect();
  log("k dropped");
  runners.clear();
  collect();
  log("runners dropped");
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

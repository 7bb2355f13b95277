// The loop that the factory returns is used, and closed at the end.
#include "support/scenario.hpp"

namespace conformance {
namespace {

class MyLoop : public EventLoop {};

Coro<bool> in_my_loop() { co_return dynamic_cast<MyLoop*>(&running_loop()) != nullptr; }

void program() {
  auto factory = [] { return std::make_unique<MyLoop>(); };
  Runner runner(RunOptions().loop_factory(factory));
  EventLoop& loop = runner.get_loop();
  bool mine = runner.run(in_my_loop());
  runner.close();
  log("my loop:", mine, "closed:", loop.is_closed());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

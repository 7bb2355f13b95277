// Each run() makes a loop of its own, and closes it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

struct Loops {
  int made = 0;
  std::vector<std::string> closed;  // of each loop at its end
};

class TellingLoop : public EventLoop {
 public:
  explicit TellingLoop(Loops& loops) : loops_(loops) { ++loops_.made; }
  ~TellingLoop() override { loops_.closed.push_back(text(is_closed())); }

 private:
  Loops& loops_;
};

Coro<> nothing() { co_return; }

void program() {
  Loops loops;
  auto factory = [&loops] { return std::make_unique<TellingLoop>(loops); };
  run(nothing(), RunOptions().loop_factory(factory));
  run(nothing(), RunOptions().loop_factory(factory));
  log("same:", loops.made != 2, "| closed:", loops.closed.at(0), loops.closed.at(1));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A set of background tasks from which each removes itself at its end. (The loop would keep them alive without it.)
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> work(int n) {
  co_await ticks(n);
  log("work", n, "done");
}

Coro<> program() {
  std::vector<Task<>> background;
  for (int n : {3, 1, 2}) {
    Task<> task = create_task(work(n));
    background.push_back(task);
    task.add_done_callback([&background](Task<> done) { std::erase(background, done); });
  }
  log("held:", background.size());
  co_await ticks(6);
  log("held:", background.size());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A shutdown by hand: gather all tasks that are left, cancel the group, run it to its end, close the loop.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> forever(std::string name, std::vector<std::string>& stopped) {
  Finally finally([&] { stopped.push_back(name); });
  co_await sleep(10s);
}

Coro<> failing() {
  co_await yield_now();
  throw std::invalid_argument("worker failed");
}

void program() {
  std::vector<std::string> stopped;
  EventLoop loop;
  install_handler(loop);
  std::vector<Task<>> held{loop.create_task(forever("A", stopped)), loop.create_task(forever("B", stopped)),
                           loop.create_task(failing(), named("F"))};
  loop.call_later(20ms, [&loop] { loop.stop(); });
  loop.run_forever();
  log("loop stopped");

  std::vector<Task<>> tasks;
  for (const Task<>& task : held)
    if (!task.done()) tasks.push_back(task);
  log("remaining:", all_tasks(loop).size());
  auto group = gather(return_exceptions, tasks);
  group.cancel();
  try {
    loop.run_until_complete(group);
  } catch (const CancelledError&) {
    log("the cancelled group raises CancelledError");
  }
  std::sort(stopped.begin(), stopped.end());
  log("stopped:", stopped);
  held.clear();
  collect();
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

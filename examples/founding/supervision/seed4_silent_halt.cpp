// One of several endless tasks fails, its handle is held, nobody looks. asyncio says nothing for ever; here the failure
// is reported after the grace, which is usually 5 s.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> forever(std::string name, int bad_at = 0) {
  for (int n = 1;; ++n) {
    co_await sleep(10ms);
    if (n == bad_at) throw std::runtime_error(name + " broke");
  }
}

Coro<> three_tasks(bool& reported) {
  EventLoop& loop = running_loop();
  loop.set_unretrieved_grace(10ms);
  loop.set_exception_handler([&reported](EventLoop& failing, const ErrorContext& context) {
    print_context(failing, context);
    reported = true;
  });
  std::vector<Task<>> tasks{create_task(forever("A"), named("A")), create_task(forever("B", 2), named("B")),
                            create_task(forever("C"), named("C"))};
  co_await sleep(80ms);
  std::vector<std::string> alive;
  for (const Task<>& task : tasks)
    if (!task.done()) alive.push_back(task.name());
  log("alive:", alive, reported ? "- and the failure was reported" : "- and nothing was reported");
  log("only looking tells:", outcome(tasks[1]));
}

void program() {
  bool reported = false;
  run(three_tasks(reported));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// set() wakes everybody in order; after clear() later ones wait again.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> waiter(Event& event, std::string name) {
  co_await event.wait();
  log(name, "woke");
}

Coro<> program() {
  Event event;
  std::vector<Task<>> tasks;
  for (const char* name : {"A", "B", "C"}) tasks.push_back(create_task(waiter(event, name)));
  co_await ticks(1);
  log("set before:", event.is_set());
  event.set();
  event.clear();
  co_await wait(tasks);
  log("set after:", event.is_set());
  Task<> late = create_task(waiter(event, "late"));
  co_await ticks(3);
  log("late still waits:", !late.done());
  event.set();
  co_await late;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// Which members of the context are there in each kind of report.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void handler(EventLoop&, const ErrorContext& context) {
  std::string keys;
  for (const std::string& key : context.keys()) keys += " " + key;
  log(message_of(context), "->" + keys);
}

Coro<> fail() {
  throw std::invalid_argument("x");
  co_return;
}

Coro<> three_failures() {
  EventLoop& loop = running_loop();
  loop.set_exception_handler(handler);
  create_task(fail());
  co_await ticks(2);
  Future<> future = loop.create_future();
  future.set_exception(std::invalid_argument("z"));
  future = {};
  loop.call_soon([] { throw std::invalid_argument("y"); });
  co_await ticks(1);
}

void program() {
  run(three_failures());

  EventLoop loop;
  loop.set_exception_handler(handler);
  Task<> task = loop.create_task(as_coro(sleep(1s)));
  loop.run_until_complete(ticks(1));
  loop.close();
  task = {};
  collect();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A handler may stop the loop: run_forever() returns when the iteration is over.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> fail() {
  throw std::invalid_argument("fatal");
  co_return;
}

Coro<> ticker() {
  co_await ticks(1000);
  log("never gets here");
}

void program() {
  EventLoop loop;
  loop.set_exception_handler([](EventLoop& failing, const ErrorContext& context) {
    log("handler:", context.exception);
    failing.stop();
  });
  Task<> task = loop.create_task(ticker());
  loop.create_task(fail());
  loop.run_forever();
  log("stopped; ticker still pending:", !task.done());
  task.cancel();
  loop.run_until_complete(wait(ALL_COMPLETED, task));
  log("ticker:", outcome(task));
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A done callback that rethrows the exception of its task hands it to the handler, which stops the loop here.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> test(int n) {
  co_await sleep(n * 10ms);
  std::string name = "test(" + std::to_string(n) + ")";
  log(name);
  throw std::runtime_error(name + " !!!");
}

void callback(Task<> task) {
  if (std::exception_ptr exception = task.exception()) {
    log("callback:", heed::message_of(exception));
    std::rethrow_exception(exception);
  }
}

void program() {
  EventLoop loop;
  loop.set_exception_handler([](EventLoop& failing, const ErrorContext& context) {
    log("exception handling:", context.exception);
    failing.stop();
  });
  loop.create_task(test(3)).add_done_callback(callback);
  loop.run_forever();
  log("loop stopped");
  loop.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

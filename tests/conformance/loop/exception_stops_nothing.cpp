// A thousand callbacks that fail: each is reported, and none keeps the loop or a timer from going on.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  std::vector<std::string> seen;
  loop.set_exception_handler(
      [&seen](EventLoop&, const ErrorContext& context) { seen.push_back(heed::message_of(context.exception)); });
  for (int n = 0; n < 1000; ++n) loop.call_soon([n] { throw std::invalid_argument(std::to_string(n)); });
  co_await sleep(10ms);
  log("reports", seen.size(), "first", seen.front(), "last", seen.back());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

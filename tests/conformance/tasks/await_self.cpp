// A task that awaits itself gets an error instead of hanging for ever.
#include "support/scenario.hpp"

namespace conformance {
namespace {

using Box = std::vector<Task<std::string>>;

Coro<std::string> child(const Box& box) {
  try {
    co_await box[0];
  } catch (const std::runtime_error& error) {
    std::string_view message = error.what();
    log("child got", kind(std::current_exception()), "|", message.substr(0, message.find(':')));
  }
  co_return "alive";
}

Coro<> program() {
  Box box;
  box.push_back(create_task(child(box)));
  log(co_await box[0]);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

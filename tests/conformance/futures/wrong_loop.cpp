// Awaiting a future of another loop throws in the task that awaits it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop other;
  Future<> future = other.create_future();
  try {
    co_await future;
  } catch (const std::runtime_error& error) {
    bool mentioned = std::string_view(error.what()).find("different loop") != std::string_view::npos;
    log(kind(std::current_exception()), "| mentions different loop:", mentioned);
  }
  other.close();
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

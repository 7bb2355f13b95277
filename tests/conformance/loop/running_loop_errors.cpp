// A running loop cannot be closed or run again, and no other loop can run inside of it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  EventLoop& loop = running_loop();
  EventLoop other;
  log("close ->", raised_by([&] { loop.close(); }));
  log("run_forever again ->", raised_by([&] { loop.run_forever(); }));
  log("other loop ->", raised_by([&] { other.run_forever(); }));
  other.close();
  log("running:", loop.is_running(), "closed:", loop.is_closed());
  co_return;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

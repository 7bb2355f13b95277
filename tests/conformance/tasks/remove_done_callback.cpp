// remove_done_callback() takes every registration of an equal function back and tells how many there were.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void callback() { log("cb called"); }
void other() { log("other called"); }

Coro<> program() {
  Future<> future = running_loop().create_future();
  future.add_done_callback(callback);
  future.add_done_callback(other);
  future.add_done_callback(callback);
  log("removed", future.remove_done_callback(&callback));
  log("removed again", future.remove_done_callback(&callback));
  future.set_result();
  co_await ticks(1);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

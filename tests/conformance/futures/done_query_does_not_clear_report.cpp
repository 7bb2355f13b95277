// Asking whether a future is done or cancelled does not retrieve its failure, nor does a callback that looks no
// further.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  install_handler();
  Future<> future = running_loop().create_future();
  future.add_done_callback([](Future<> done) { log("callback looked only at done():", done.done()); });
  future.set_exception(std::invalid_argument("unread"));
  log("cancelled:", future.cancelled());
  co_await ticks(1);
  future = {};
  collect();
  log("end");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

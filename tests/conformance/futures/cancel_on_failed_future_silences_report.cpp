// cancel() on a failed future returns false. asyncio then forgets the failure; heed reports it.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  install_handler();
  Future<> future = running_loop().create_future();
  future.set_exception(std::invalid_argument("gone for good"));
  log("cancel returned", future.cancel());
  future = {};
  collect();
  log("nothing was reported");
  co_return;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

// A finished future cannot be set again and keeps its value.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  Future<std::string> future = running_loop().create_future<std::string>();
  future.set_result("first");
  log("set_result ->", kind(raised_by([&] { future.set_result("second"); })));
  log("set_exception ->", kind(raised_by([&] { future.set_exception(std::invalid_argument("x")); })));
  log("cancel returns", future.cancel());
  log("value", future.result());
  co_return;
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

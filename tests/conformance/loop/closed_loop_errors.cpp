// A closed loop refuses new work; closing it twice is fine.
#include "support/scenario.hpp"

namespace conformance {
namespace {

void program() {
  EventLoop loop;
  loop.close();
  loop.close();
  log("closed:", loop.is_closed());
  auto work = [] { log("x"); };
  log("call_soon ->", raised_by([&] { loop.call_soon(work); }));
  log("call_later ->", raised_by([&] { loop.call_later(1s, work); }));
  log("call_soon_threadsafe ->", raised_by([&] { loop.call_soon_threadsafe(work); }));
  log("run_forever ->", raised_by([&] { loop.run_forever(); }));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

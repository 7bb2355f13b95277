// A coroutine function is no callback: nobody would await its coroutine. asyncio refuses it in debug mode, heed when it is
// compiled.
#include "support/scenario.hpp"

namespace conformance {
namespace {

template <class F>
concept CanBeCalledSoon = requires(EventLoop& loop, F function) {
  loop.call_soon(function);
};
template <class F>
concept CanBeCalledLater = requires(EventLoop& loop, F function) {
  loop.call_later(1s, function);
};
static_assert(CanBeCalledSoon<void (*)()> && CanBeCalledLater<void (*)()>);

void program() {
  auto work = []() -> Coro<> {
    log("must not run");
    co_return;
  };
  if (!CanBeCalledSoon<decltype(work)>) log("refused");
  if (!CanBeCalledLater<decltype(work)>) log("refused");
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

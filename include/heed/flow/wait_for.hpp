// One awaitable, for a limited time.
#pragma once

#include <optional>
#include <source_location>
#include <utility>

#include "heed/flow/timeout.hpp"
#include "heed/flow/wait.hpp"

namespace heed {

namespace detail {

// Cancels the future and returns when it is done.
Coro<void> cancel_and_wait(AnyFuture future);
// What a wait_for() whose time was over from the start ends with: the result, or TimeoutError when it had to cancel.
template <class T>
Coro<T> wait_for_nothing(Future<T> future) {
  bool was_done = future.done();
  if (!was_done) co_await pass(cancel_and_wait(future));
  Outcome<T> outcome = co_await as_result(std::move(future));
  if (outcome.cancelled() && !was_done) throw TimeoutError();
  co_return std::move(outcome).value();
}

template <class A>
struct WaitFor {
  using T = FutureValue<A>;
  static Coro<T> run(A awaitable, std::optional<Duration> delay, std::source_location where) {
    if (delay && *delay <= Duration::zero())
      co_return co_await pass(wait_for_nothing<T>(to_future(std::move(awaitable))));
    Timeout scope(delay, where);
    Timeout::Entered entered(scope);
    Outcome<T> outcome = co_await as_result(std::move(awaitable));
    std::exception_ptr failure = scope.leave(outcome.exception(), true);
    if (failure) co_await Fail(std::move(failure));
    co_return std::move(outcome).value();
  }
};

}  // namespace detail

// The result of a coroutine, task or future, if it comes within `delay`. Else it is cancelled, and when it has ended,
// TimeoutError is raised; a result or another exception that it ends with all the same comes out instead. A coroutine
// runs in the calling task, as a part of it (Python 3.12). With a delay that is not positive, what is not done already
// is cancelled at once; a coroutine does not start.
//
// It returns only when what it waits for has ended: the deadline is exceeded by as long as that takes to clean up. Use
// shield() for what must not be cancelled.
// On cancel: what it waits for is cancelled; CancelledError comes out when it has ended, or what it ended with.
// Throws std::invalid_argument for a NaN.
template <detail::Gatherable A, class Rep, class Period>
auto wait_for(A awaitable, std::chrono::duration<Rep, Period> delay,
              std::source_location where = std::source_location::current()) {
  auto awaited = detail::awaited_in_place(std::move(awaitable));
  return detail::WaitFor<decltype(awaited)>::run(std::move(awaited), to_delay(delay), where);
}
// Without a limit.
template <detail::Gatherable A>
auto wait_for(A awaitable, std::nullopt_t, std::source_location where = std::source_location::current()) {
  auto awaited = detail::awaited_in_place(std::move(awaitable));
  return detail::WaitFor<decltype(awaited)>::run(std::move(awaited), std::nullopt, where);
}

}  // namespace heed

// Waiting for time to pass, or for a turn of the loop.
#pragma once

#include <coroutine>
#include <source_location>
#include <string>

#include "heed/core/coro.hpp"
#include "heed/core/delay.hpp"
#include "heed/core/task_state.hpp"
#include "heed/core/timer_queue.hpp"

namespace heed {

// What sleep() returns: await it once, or give it to whatever takes a coroutine.
class [[nodiscard]] Sleep final : private detail::Timer {
 public:
  explicit Sleep(Duration delay) noexcept : delay_(delay) {}
  Sleep(Sleep&& other) noexcept : delay_(other.delay_) {}  // before it is awaited
  Sleep& operator=(Sleep&&) = delete;

  bool await_ready() const noexcept { return false; }
  template <detail::CoroutinePromise P>
  void await_suspend(std::coroutine_handle<P> awaiter, std::source_location site = std::source_location::current()) {
    awaiter.promise().site_ = site;
    begin(awaiter.promise());
  }
  void await_resume() const { detail::check_cancelled(); }

 private:
  void begin(detail::PromiseBase& awaiter);
  void run(detail::LoopCore& loop) override;
  detail::CancelEffect cancel_wait(const CancelReasonRef& reason) override;
  void forget(detail::TaskState& task) noexcept override;
  std::string describe_wait() const override;

  Duration delay_;
  detail::TaskState* task_ = nullptr;  // while it waits
};

// Suspends the task for at least `delay`; one that is not positive gives the other callbacks one turn. Throws
// std::invalid_argument for a NaN.
// On cancel: ends at once.
template <class Rep, class Period>
Sleep sleep(std::chrono::duration<Rep, Period> delay) {
  return Sleep(to_delay(delay));
}

// Lets everything that is ready run first: asyncio's sleep(0).
class [[nodiscard]] YieldNow final {
 public:
  bool await_ready() const noexcept { return false; }
  template <detail::CoroutinePromise P>
  void await_suspend(std::coroutine_handle<P> awaiter,
                     std::source_location site = std::source_location::current()) const noexcept {
    awaiter.promise().site_ = site;
    detail::yield_running_task(awaiter.promise());
  }
  void await_resume() const { detail::check_cancelled(); }
};
inline YieldNow yield_now() noexcept { return {}; }

namespace detail {
template <class Awaitable>
Coro<void> await_in_coroutine(Awaitable awaitable) {
  co_await std::move(awaitable);
}
}  // namespace detail

inline Coro<void> as_coro(Sleep sleep) { return detail::await_in_coroutine(std::move(sleep)); }
inline Coro<void> as_coro(YieldNow yield) { return detail::await_in_coroutine(yield); }
inline auto as_result(Sleep sleep) { return as_result(as_coro(std::move(sleep))); }
inline auto as_result(YieldNow yield) { return as_result(as_coro(yield)); }
inline auto pass(Sleep sleep) { return pass(as_coro(std::move(sleep))); }
inline auto pass(YieldNow yield) { return pass(as_coro(yield)); }

}  // namespace heed

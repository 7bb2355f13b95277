// Waiting for time to pass, or for a turn of the loop.
#pragma once

#include <coroutine>
#include <exception>
#include <source_location>
#include <string>

#include "heed/core/coro.hpp"
#include "heed/core/delay.hpp"
#include "heed/core/leaf.hpp"
#include "heed/core/task_state.hpp"
#include "heed/core/timer_queue.hpp"

namespace heed {

// What sleep() returns: await it once, or give it to whatever takes a coroutine. Awaiting one twice throws
// InvalidStateError, unless its delay is not positive.
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
  [[gnu::always_inline]] void await_resume() const { detail::check_cancelled(); }

  using value_type = void;
  std::exception_ptr take_failure() const { return detail::take_pending_cancel(); }
  void take_value() const noexcept {}

 private:
  void begin(detail::PromiseBase& awaiter);
  void run(detail::LoopCore& loop) override;
  detail::CancelEffect cancel_wait(const CancelReasonRef& reason) override;
  void forget(detail::TaskState& task) noexcept override;
  std::string describe_wait() const override;

  static constexpr Duration awaited = Duration::min();
  union {
    Duration delay_;                // before it waits; after it: `awaited`
    detail::PromiseBase* awaiter_;  // while it waits
  };
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
  [[gnu::always_inline]] void await_resume() const { detail::check_cancelled(); }

  using value_type = void;
  std::exception_ptr take_failure() const { return detail::take_pending_cancel(); }
  void take_value() const noexcept {}
};
inline YieldNow yield_now() noexcept { return {}; }

}  // namespace heed

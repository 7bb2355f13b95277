// Deadlines.
#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <utility>

#include "heed/core/cancel_scopes.hpp"
#include "heed/core/delay.hpp"
#include "heed/core/timer_queue.hpp"
#include "heed/flow/awaitable.hpp"
#include "heed/flow/body.hpp"

namespace heed {

namespace detail {
template <class A>
struct WaitFor;
}

// A deadline for what a body does, asyncio's `async with timeout()`. For one body; see timeout() for the usual way.
//
// At the deadline the task is cancelled, once, and the scope turns the CancelledError that leaves the body into
// TimeoutError. A body that swallows it has not met its deadline: TimeoutError as well (asyncio says nothing). Another
// exception that leaves the body goes on as it is. When somebody else asked for the task's cancellation meanwhile,
// CancelledError goes on: an outside cancel is never taken for the timeout's, and never lost.
//
// Belongs to the task and the thread that run the body. Throws std::runtime_error for what its state does not allow.
class Timeout final : private detail::Timer {
 public:
  // After `delay` from the start of the body; none: never.
  explicit Timeout(std::optional<Duration> delay, std::source_location where = std::source_location::current()) noexcept
      : Timeout(delay, std::nullopt, where) {}
  // At that time of the loop's clock.
  static Timeout at(std::optional<TimePoint> when, std::source_location where = std::source_location::current()) {
    return Timeout(std::nullopt, when, where);
  }
  Timeout(const Timeout&) = delete;
  Timeout& operator=(const Timeout&) = delete;
  ~Timeout();

  // The deadline; none when there is none, or it is not known before the body starts.
  std::optional<TimePoint> when() const noexcept { return when_; }
  // Moves the deadline of the running body; none: takes it away. One that has passed cuts in at the next await.
  void reschedule(std::optional<TimePoint> when);
  // The deadline cut in.
  bool expired() const noexcept { return state_ == State::expiring || state_ == State::expired; }

  // Runs the body in this scope: a coroutine, or a callable that is given this object or nothing. Once.
  template <detail::Body<Timeout> F>
  Coro<detail::BodyValue<F, Timeout>> run(F body);

 private:
  Timeout(std::optional<Duration> delay, std::optional<TimePoint> when, const std::source_location& where) noexcept
      : delay_(delay), when_(when), where_(where) {}

  template <class A>
  friend struct detail::WaitFor;
  // The scope is left however the coroutine that runs the body ends.
  class Entered {
   public:
    explicit Entered(Timeout& scope) : scope_(scope) { scope_.enter(); }
    ~Entered() { scope_.abandon(); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    Timeout& scope_;
  };

  void enter();
  void schedule(TimePoint when);
  void unschedule() noexcept;
  void abandon() noexcept;
  // The body ended with that, or, for null, with a value: what leaves the scope instead.
  std::exception_ptr leave(const std::exception_ptr& failure, bool keep_late_value = false);
  std::string describe() const;
  void run(detail::LoopCore& loop) override;
  void discard() noexcept override { scheduled_ = false; }

  detail::ScopedRequest request_;
  detail::LoopCore* loop_ = nullptr;  // while it is scheduled
  std::optional<Duration> delay_;
  std::optional<TimePoint> when_;
  std::source_location where_;
  enum class State : std::uint8_t { created, active, expiring, expired, finished };
  State state_ = State::created;
  bool scheduled_ = false;  // a timer is armed, or it is in the ready queue
};

namespace detail {
template <class F>
Coro<BodyValue<F, Timeout>> run_with_timeout(std::optional<Duration> delay, F body, std::source_location where) {
  Timeout scope(delay, where);
  co_return co_await pass(scope.run(std::move(body)));
}
template <class F>
Coro<BodyValue<F, Timeout>> run_until(std::optional<TimePoint> when, F body, std::source_location where) {
  Timeout scope = Timeout::at(when, where);
  co_return co_await pass(scope.run(std::move(body)));
}
}  // namespace detail

// `co_await timeout(5s, body)`: the body's value, or TimeoutError. The body runs in the calling task: a coroutine or
// whatever else can be awaited, or a callable that makes one, is given the Timeout or nothing, and is kept alive until it
// ends.
// On cancel: the body is cancelled; what it makes of that comes out.
// Throws std::invalid_argument for a NaN.
template <class Rep, class Period, detail::Body<Timeout> F>
auto timeout(std::chrono::duration<Rep, Period> delay, F body,
             std::source_location where = std::source_location::current()) {
  return detail::run_with_timeout(std::optional(to_delay(delay)), std::move(body), where);
}
// With no deadline: the body can give itself one by reschedule().
template <detail::Body<Timeout> F>
auto timeout(std::nullopt_t, F body, std::source_location where = std::source_location::current()) {
  return detail::run_with_timeout(std::nullopt, std::move(body), where);
}
// The same with a point in time of the loop's clock (EventLoop::time()).
template <detail::Body<Timeout> F>
auto timeout_at(std::optional<TimePoint> when, F body, std::source_location where = std::source_location::current()) {
  return detail::run_until(when, std::move(body), where);
}

template <detail::Body<Timeout> F>
Coro<detail::BodyValue<F, Timeout>> Timeout::run(F body) {
  Entered entered(*this);
  auto outcome = co_await as_result(detail::start_body(body, *this));
  std::exception_ptr failure = leave(outcome.exception());
  if (failure) co_await detail::Fail(std::move(failure));
  co_return std::move(outcome).value();
}

}  // namespace heed

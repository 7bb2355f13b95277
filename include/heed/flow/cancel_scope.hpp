// Cancellation as a state of a region instead of an event.
#pragma once

#include <optional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>

#include "heed/core/cancel_scopes.hpp"
#include "heed/core/delay.hpp"
#include "heed/core/timer_queue.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/body.hpp"

namespace heed {

namespace detail {
// What a body's value is when there may be none: an optional value or reference, or whether the body ran to its end.
template <class T>
using ScopeResult = std::conditional_t<std::is_void_v<T>, bool, std::optional<Stored<T>>>;
}  // namespace detail

// How a CancelScope is: `CancelScope(deadline_in(5s))`, `CancelScope(shielded)`.
class ScopeOptions {
 public:
  ScopeOptions() = default;

  // Cancelled that long after the body starts.
  template <class Rep, class Period>
  ScopeOptions deadline_in(std::chrono::duration<Rep, Period> delay) && {
    delay_ = to_delay(delay);
    return std::move(*this);
  }
  // Cancelled at that time of the loop's clock.
  ScopeOptions deadline_at(TimePoint when) && {
    deadline_ = when;
    return std::move(*this);
  }
  // No cancellation from outside of the scope reaches the body: neither of an outer scope, nor a timeout or cancel() of
  // the task. Such a request stays until the scope ends and is delivered at the next await after it.
  ScopeOptions shielded(bool on = true) && {
    shielded_ = on;
    return std::move(*this);
  }

 private:
  friend class CancelScope;
  std::optional<Duration> delay_;
  std::optional<TimePoint> deadline_;
  bool shielded_ = false;
};

// A region that can be cancelled as long as it lasts (trio's CancelScope): once cancel() was called, or the deadline has
// passed, *every* await in the body that suspends raises CancelledError until the body ends, also in its cleanup, in the
// scopes inside it and in the children of task groups inside it. A body that swallows CancelledError thus cannot stay.
// The scope itself catches it: run() returns without a value, and cancelled_caught() tells.
//
// Beside Task::cancel() and timeout(), which are asyncio's: one CancelledError for one request. A cancelled scope adds
// nothing to cancelling(). An outside cancel and an outer scope take precedence: their CancelledError goes on.
//
// Belongs to the task and the thread that run the body. For one body.
class CancelScope final : private detail::Timer {
 public:
  explicit CancelScope(ScopeOptions options = {}, std::source_location where = std::source_location::current());
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  ~CancelScope();

  // Cancels what is in the scope, and what enters it from now on. Also before the body starts, and from other tasks of
  // the loop.
  void cancel(std::string_view message = {}, std::source_location where = std::source_location::current());
  bool cancel_called() const noexcept { return static_cast<bool>(region_.reason()); }
  // run() returned because the scope was cancelled.
  bool cancelled_caught() const noexcept { return caught_; }

  std::optional<TimePoint> deadline() const noexcept { return deadline_; }
  // Moves the deadline; none: takes it away. Throws std::runtime_error when the scope has ended.
  void set_deadline(std::optional<TimePoint> when);

  // Runs the body: a coroutine, or a callable that is given this object or nothing. A std::optional of its value (of a
  // std::reference_wrapper for a reference), empty when it was cancelled by this scope; for a void body: whether it ran
  // to its end. Throws std::runtime_error when it was entered before or no task runs.
  template <detail::Body<CancelScope> F>
  Coro<detail::ScopeResult<detail::BodyValue<F, CancelScope>>> run(F body);

 private:
  class Entered {
   public:
    explicit Entered(CancelScope& scope) : scope_(scope) { scope_.enter(); }
    ~Entered() { scope_.leave(); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    CancelScope& scope_;
  };
  enum class State : std::uint8_t { created, active, ended };

  void enter();
  void leave() noexcept;
  // The body ended with that: what leaves the scope, which is left.
  std::exception_ptr leave_with(std::exception_ptr failure);
  void schedule();
  void unschedule() noexcept;
  void run(detail::LoopCore& loop) override;
  void discard() noexcept override { scheduled_ = false; }

  detail::ScopedRequest requests_;    // never makes one: knows of those from outside
  detail::LoopCore* loop_ = nullptr;  // while it is scheduled
  detail::RegionState region_;
  std::optional<Duration> delay_;
  std::optional<TimePoint> deadline_;
  std::source_location where_;
  State state_ = State::created;
  bool scheduled_ = false;  // a timer is armed, or it is in the ready queue
  bool caught_ = false;
};

namespace detail {
template <class F>
Coro<BodyValue<F, CancelScope>> run_shielded(F body) {
  CancelScope scope(ScopeOptions().shielded());
  auto value = co_await pass(scope.run(std::move(body)));
  if constexpr (!std::is_void_v<BodyValue<F, CancelScope>>) {
    if (!value) throw CancelledError("the body of shielded() cancelled its scope");
    co_return unwrap<BodyValue<F, CancelScope>>(std::move(*value));
  }
}
}  // namespace detail

// `co_await shielded(cleanup())`: to its end, whoever cancels the task meanwhile; the request is delivered at the next
// await after it. For cleanup that must not be cut short. (shield() is something else: there the *caller* is cancelled
// at once and only the work goes on.) A body that is given the scope may cancel it: then CancelledError is raised if
// there is a value to return, and else nothing.
template <detail::Body<CancelScope> F>
auto shielded(F body) {
  return detail::run_shielded(std::move(body));
}

template <detail::Body<CancelScope> F>
Coro<detail::ScopeResult<detail::BodyValue<F, CancelScope>>> CancelScope::run(F body) {
  Entered entered(*this);
  auto outcome = co_await as_result(detail::start_body(body, *this));
  std::exception_ptr failure = leave_with(outcome.exception());
  if (failure) co_await detail::Fail(std::move(failure));
  if constexpr (std::is_void_v<detail::BodyValue<F, CancelScope>>) {
    co_return !caught_;
  } else {
    if (caught_) co_return std::nullopt;
    co_return detail::ScopeResult<detail::BodyValue<F, CancelScope>>(std::move(outcome).value());
  }
}

}  // namespace heed

// A callback that the loop will run.
#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <typeinfo>
#include <utility>

#include "heed/core/clock.hpp"
#include "heed/core/context.hpp"
#include "heed/core/scheduler.hpp"
#include "heed/core/timer_queue.hpp"
#include "heed/failure/pool.hpp"

namespace heed {

namespace detail {

class LoopCore;

// Counted by the handles and, while it waits to run, by the loop.
class ScheduledCall : public Timer, public Pooled {
 public:
  ScheduledCall(Scheduler& loop, ContextRef&& context, const std::source_location& where) noexcept
      : loop_(&loop), context_(std::move(context)), created_at_(where) {
    loop.retain();
  }
  ScheduledCall(const ScheduledCall&) = delete;
  ScheduledCall& operator=(const ScheduledCall&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  // In this very context instead of the copy.
  void use_context(const Context& context) noexcept { context_ = context.cell(); }

  void run(LoopCore& loop) final;
  void discard() noexcept final;
  void cancel() noexcept;
  bool cancelled() const noexcept { return cancelled_; }
  // Runs the function now, with the reports and the context of a callback; may be repeated. For descriptors and
  // signals. False when it was cancelled.
  bool call_again(LoopCore& loop) noexcept;

  const std::source_location& created_at() const noexcept { return created_at_; }
  virtual std::string describe() const = 0;

 protected:
  virtual ~ScheduledCall() { loop_->release(); }
  virtual void call() = 0;
  virtual void drop_function() noexcept = 0;

 private:
  Scheduler* loop_;
  ContextRef context_;
  std::source_location created_at_;
  std::uint32_t references_ = 0;
  bool cancelled_ = false;
  bool calling_ = false;
};

// "Exception in callback" and where: what the reports call a callback.
std::string describe_callable(const std::type_info& type, const std::source_location& where);

template <class F>
class ScheduledFunction final : public ScheduledCall {
 public:
  static_assert(alignof(F) <= Pool::granularity, "a callback must not be aligned above 16 bytes");
  template <class G>
  ScheduledFunction(Scheduler& loop, ContextRef&& context, const std::source_location& where, G&& function)
      : ScheduledCall(loop, std::move(context), where), function_(std::forward<G>(function)) {}
  std::string describe() const override { return describe_callable(typeid(F), created_at()); }

 private:
  void call() override { (*function_)(); }
  void drop_function() noexcept override { function_.reset(); }
  std::optional<F> function_;
};

}  // namespace detail

// What call_soon() and its like return. Copies share one callback; dropping all of them does not cancel it.
class Handle {
 public:
  Handle() noexcept = default;
  Handle(const Handle& other) noexcept : call_(other.call_) {
    if (call_) call_->retain();
  }
  Handle(Handle&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
  Handle& operator=(const Handle& other) noexcept { return *this = Handle(other); }
  Handle& operator=(Handle&& other) noexcept {
    Handle taken(std::move(other));
    std::swap(call_, taken.call_);
    return *this;
  }
  ~Handle() {
    if (call_) call_->release();
  }

  explicit operator bool() const noexcept { return call_ != nullptr; }
  // The callback will not run; its function is destroyed. Harmless when it ran or was cancelled.
  void cancel() noexcept {
    if (call_) call_->cancel();
  }
  bool cancelled() const noexcept { return call_ && call_->cancelled(); }
  // Its function's type and where it was scheduled.
  std::string describe() const { return call_ ? call_->describe() : "none"; }

  friend bool operator==(const Handle& a, const Handle& b) noexcept { return a.call_ == b.call_; }

 protected:
  friend struct HandleAccess;
  explicit Handle(detail::ScheduledCall* call) noexcept : call_(call) {
    if (call_) call_->retain();
  }
  detail::ScheduledCall* call_ = nullptr;
};

// What call_later() and call_at() return.
class TimerHandle : public Handle {
 public:
  TimerHandle() noexcept = default;
  // When it is due, on the loop's clock.
  TimePoint when() const noexcept { return call_ ? call_->when() : TimePoint(); }

 private:
  friend struct HandleAccess;
  using Handle::Handle;
};

struct HandleAccess {
  static Handle handle(detail::ScheduledCall& call) noexcept { return Handle(&call); }
  static detail::ScheduledCall& call(const Handle& handle) noexcept { return *handle.call_; }
  static TimerHandle timer(detail::ScheduledCall& call) noexcept { return TimerHandle(&call); }
};

}  // namespace heed

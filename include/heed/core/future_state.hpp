// What a future handle points to.
#pragma once

#include <cstdint>
#include <exception>
#include <source_location>
#include <string>

#include "heed/core/context.hpp"
#include "heed/core/promise.hpp"
#include "heed/core/scheduler.hpp"
#include "heed/core/waitable.hpp"
#include "heed/failure/cancel_reason.hpp"
#include "heed/failure/record.hpp"
#include "heed/failure/rethrow.hpp"

namespace heed {
struct ErrorContext;
}

namespace heed::detail {

class DoneCallback;

enum class FutureStatus : std::uint8_t {
  pending,
  value,
  guarded_value,  // a value with something in it that counts as lost until the value is read, see deliver_value()
  failed,
  cancelled,
};

// Why a task is not running.
enum class TaskPhase : std::uint8_t {
  fresh,  // its first step is to come
  turn,   // of the ready queue; also while it runs
  waits,  // for what `waiting_on_` says, which has no meaning otherwise
};

// One-shot cell: pending, then once a value, a failure or cancelled. Reference-counted without atomics; everything
// happens on the thread of its loop, which it keeps a part of (the core) alive.
class FutureState : public Waitable, public Pooled {
 public:
  FutureState(Scheduler& loop, const std::source_location& where) noexcept : FutureState(loop, where, false) {}
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) dispose();
  }
  std::uint32_t references() const noexcept { return references_; }

  FutureStatus status() const noexcept { return status_; }
  bool done() const noexcept { return status_ != FutureStatus::pending; }
  bool has_value() const noexcept { return status_ == FutureStatus::value || status_ == FutureStatus::guarded_value; }
  inline LoopCore& loop() const noexcept;  // in loop_core.hpp
  Scheduler& scheduler() const noexcept { return *loop_; }
  bool on_running_loop() const noexcept { return loop_ == running_scheduler; }
  const std::source_location& created_at() const noexcept { return created_at_; }
  // Null unless failed (or when there was no memory for a record).
  FailureRecord* failure() const noexcept { return status_ == FutureStatus::failed ? failure_ : nullptr; }
  CancelReasonRef cancel_reason() const noexcept final;

  // "Task", "Future", "_GatheringFuture": the word in reports.
  virtual const char* class_name() const noexcept { return "Future"; }
  virtual FailureOrigin origin() const noexcept { return FailureOrigin::future; }

  // Requests cancellation. False when done already. A plain future is cancelled at once.
  virtual bool cancel(const CancelReasonRef& reason);

  // --- ends of the pending state; each schedules the callbacks and waiters in order of registration ----------------
  void finish_value(bool guarded = false) noexcept {  // after the derived class has stored it
    status_ = guarded ? FutureStatus::guarded_value : FutureStatus::value;
    if (!waiters_.empty()) schedule_callbacks();
  }
  void finish_failed(std::exception_ptr exception) noexcept;
  void finish_cancelled(CancelReasonRef reason) noexcept;

  // --- reading ----------------------------------------------------------------------------------------------------
  // For user code: the failure counts as retrieved. Pending: throws InvalidStateError. Cancelled: throws
  // CancelledError. Null when there is a value.
  std::exception_ptr exception();
  // result()'s part that does not depend on T: returns when there is a value, else throws.
  void require_value();
  // The failure or a CancelledError; marks a failure as retrieved.
  std::exception_ptr take_exception();
  // The failure becomes a part of an exception group: its end is `merged`.
  std::exception_ptr merge_exception();
  // The same without marking anything.
  std::exception_ptr peek_exception() const;

  // Somebody reads a guarded value now.
  void deliver_value() noexcept {
    status_ = FutureStatus::value;
    value_delivered();
  }

  // --- waiting ----------------------------------------------------------------------------------------------------
  void add_waiter(Runnable& waiter) noexcept { waiters_.push_back(waiter); }
  void remove_waiter(Runnable& waiter) noexcept { waiters_.remove(waiter); }
  // Somebody waits, or a callback is to be called.
  bool awaited() const noexcept { return !done() && !waiters_.empty(); }
  // Takes ownership. Scheduled at once when done; then throws std::runtime_error when the loop is closed.
  void add_callback(DoneCallback* callback);
  std::size_t remove_callback(std::uint64_t id) noexcept;
  std::size_t remove_callbacks(const void* tag, const void* function) noexcept;

  // Tells the exception handler of a failure that nobody read. A provisional report leaves it live.
  void report_unretrieved() noexcept;
  void report_provisionally() noexcept;

  // The running task is about to wait for this. Throws std::runtime_error when it is another loop's or the task itself.
  void check_awaitable() const;
  // The loop closes: callbacks that will never run are dropped.
  void drop_callbacks() noexcept;

  CancelEffect cancel_wait(const CancelReasonRef& reason) final;
  std::exception_ptr failure_for_awaiter(PromiseBase& awaiter) final;
  bool ended_cancelled() const noexcept final;
  void forget(TaskState& task) noexcept final;
  std::string describe_wait() const override { return class_name(); }
  void run(LoopCore&) override {}  // a plain future is never in the ready queue

 protected:
  FutureState(Scheduler& loop, const std::source_location& where, bool is_task) noexcept
      : Waitable(is_task), loop_(&loop), created_at_(where) {
    loop.retain();
  }
  // What is not simply released goes before, in dispose().
  virtual ~FutureState() = 0;
  static constexpr std::uint8_t has_callbacks = 1;  // of the flags; the others are a task's
  bool has(std::uint8_t flag) const noexcept { return flags_ & flag; }
  void set(std::uint8_t flag) noexcept { flags_ = static_cast<std::uint8_t>(flags_ | flag); }
  void clear(std::uint8_t flag) noexcept { flags_ = static_cast<std::uint8_t>(flags_ & ~flag); }

  void schedule_callbacks() noexcept;
  virtual void describe_failure(FailureRecord& record) const;
  virtual void value_delivered() noexcept {}
  // Its failure was read where this future cannot see it.
  virtual bool retrieved_elsewhere() const noexcept { return false; }

 private:
  friend class TaskState;
  void dispose() noexcept;
  void dispose_carefully() noexcept;
  void drop_what_is_left() noexcept;
  ErrorContext failure_context(std::string message) const;

  FutureStatus status_ = FutureStatus::pending;
  std::uint8_t flags_ = 0;
  TaskPhase task_phase_ = TaskPhase::fresh;
  std::uint32_t references_ = 0;
  Scheduler* loop_;
  RunnableList waiters_;
  std::source_location created_at_;
  union {
    FailureRecord* failure_ = nullptr;  // failed; null if there was no memory for it
    const CancelReason* reason_;        // cancelled; owns a reference, may be null
    PromiseBase* leaf_;                 // a pending task: the innermost suspended frame; null while it runs
  };
};

inline FutureState::~FutureState() { loop_->release(); }

// The running task waits in `awaiter` for `state`, which is pending.
void suspend_task_on(Scheduler& scheduler, PromiseBase& awaiter, FutureState& state) noexcept;
// The wait that was just begun finishes its frame when it fails.
void pass_failure_of_wait() noexcept;
// What `state` ended with is delivered to the frame that continues; null when it has a value.
std::exception_ptr failure_to_deliver(FutureState& state);
// The same, thrown. See Trail::hold().
const std::exception_ptr* hold_failure_to_deliver(FutureState& state);
[[gnu::always_inline]] inline void require_delivery(FutureState& state) {
  if (const std::exception_ptr* exception = hold_failure_to_deliver(state)) rethrow(*exception);
}
// Throws InvalidStateError when done, std::runtime_error for a task.
void require_settable(const FutureState& state, const char* operation);
void set_exception(FutureState& state, std::exception_ptr exception);

// A callback for when a future is done; runs in `context`, a copy of that of its registration.
class DoneCallback : public Runnable, public Pooled {
 public:
  explicit DoneCallback(ContextRef context, std::uint64_t id = 0) noexcept : context_(std::move(context)), id_(id) {}
  DoneCallback(const DoneCallback&) = delete;
  DoneCallback& operator=(const DoneCallback&) = delete;
  virtual ~DoneCallback() = default;

  void run(LoopCore& loop) final;
  void discard() noexcept final;
  DoneCallback* as_done_callback() noexcept final { return this; }

  static std::uint64_t next_id() noexcept;
  std::uint64_t id() const noexcept { return id_; }  // 0: cannot be removed
  // Registered with an equal function. `tag` identifies the function's type.
  virtual bool same_as(const void* /*tag*/, const void* /*function*/) const noexcept { return false; }

 protected:
  virtual void call(FutureState& future) = 0;
  virtual std::string describe() const = 0;

 private:
  friend class FutureState;
  FutureState* future_ = nullptr;  // set, with a reference, when it is scheduled
  ContextRef context_;
  std::uint64_t id_;
};

}  // namespace heed::detail

// A future driven by a coroutine.
#pragma once

#include <coroutine>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/future_state.hpp"
#include "heed/failure/ledger.hpp"

namespace heed::detail {

// The part of a task that outlives it as long as tasks it created need it: their chain of creators.
// Of a line of tasks that each start their successor only the nearest are kept.
struct Lineage : LocalRefCounted {
  static constexpr unsigned shown = 32;
  Creator creator;
  Ref<const Lineage> parent;
  unsigned length = 1;
};

// What only some tasks have.
struct TaskExtras : Pooled {
  std::string name;                   // empty: "Task-<id>"
  CancelReasonRef reason;             // of the last request that is not delivered yet
  std::uint32_t cancel_requests = 0;  // cancelling()
  std::uint32_t undelivered = 0;      // requests for the next step to deliver; uncancel() may withdraw them
  std::uint32_t forwarded = 0;        // requests that went to what the task waits for, or ended that wait
  Ref<const Lineage> lineage;         // made when the task creates a task
};

// A reason that says who asks: the running task.
CancelReasonRef make_reason(CancelSource source, std::string_view message, const std::source_location& where);

class TaskState : public FutureState {
 public:
  TaskState(Scheduler& loop, PromiseBase& root, const std::source_location& where);

  const char* class_name() const noexcept override { return "Task"; }
  FailureOrigin origin() const noexcept override { return FailureOrigin::task; }

  std::uint64_t id() const noexcept { return id_; }
  std::string name() const;
  void set_name(std::string name);
  Context context();
  void use_context(const Context& context);

  // Makes the task known to the loop and schedules its first step, or, when eager, runs it now.
  void start(bool eager);

  // asyncio's Task.cancel: the request goes to what the task waits for, or is delivered at its next step.
  bool cancel(const CancelReasonRef& reason) override;
  int cancelling() const noexcept { return extras_ ? static_cast<int>(extras_->cancel_requests) : 0; }
  int uncancel() noexcept;

  // The suspended frames, innermost first.
  AwaitChain await_chain() const;
  std::vector<Creator> creators() const;
  // What it waits for, null when it is ready, running, done or yields.
  Waitable* waiting_on() const noexcept { return waiting_on_; }
  // Not done and not running: has a frame to continue.
  bool suspended() const noexcept { return leaf_ != nullptr; }

  // --- for awaiters -----------------------------------------------------------------------------------------------
  // The running task suspends in `frame`, waiting for `what`, which will make it ready.
  void suspend(PromiseBase& frame, Waitable* what) noexcept {
    leaf_ = &frame;
    waiting_on_ = what;
  }
  void pass_failure_of_wait() noexcept { set(passes); }
  // An undelivered request, for a wait that begins now: asyncio cancels what a task with a pending request waits for.
  bool cancel_pending() const noexcept { return has(cancel_open) && extras_->undelivered != 0; }
  void cancel_new_wait() noexcept;

  void run(LoopCore& loop) final;
  TaskState* as_task() noexcept final { return this; }
  std::string describe_wait() const override;

  // The loop closes: reports the task, and destroys the coroutine, innermost frame first.
  void abandon() noexcept;
  // The end of this task was reported already: abandon() does it in silence.
  void skip_pending_report() noexcept { set(pending_reported); }
  bool abandoned() const noexcept { return has(was_abandoned); }
  // After all were abandoned: the task is cancelled, its callbacks never run, the loop lets go of it.
  void end_abandoned() noexcept;

  TaskState* next_task = nullptr;  // the loop's unfinished tasks, in order of creation
  TaskState* previous_task = nullptr;

 protected:
  ~TaskState() override;
  // Moves the value of the root frame into the task.
  virtual void take_value(PromiseBase& root) = 0;
  void describe_failure(FailureRecord& record) const override;

 private:
  void finish(LoopCore& loop, PromiseBase& root) noexcept;
  void finish_root_failure(LoopCore& loop, std::exception_ptr failure) noexcept;
  void finish_lost(LoopCore& loop) noexcept;
  void leave_loop(LoopCore& loop) noexcept;
  bool prepare_cancel(Scheduler& scheduler) noexcept;
  TaskState& end_of_cancel_path();
  void cancel_here(const CancelReasonRef& reason);
  void count_request(std::uint32_t& kind) noexcept;
  void count_forwarded() noexcept;
  void wake_cancelled() noexcept;
  void settle_requests(std::uint32_t& requests, std::uint64_t CancellationCounts::*end) noexcept;
  void settle_all_requests(std::uint64_t CancellationCounts::*end) noexcept;
  std::coroutine_handle<> prepare_step(Scheduler& scheduler, PromiseBase& leaf);
  TaskExtras& extras();
  Ref<const Lineage> lineage();

  // Bits of task_flags_. The first ones make the next step take the slow way.
  enum Flag : std::uint8_t {
    cancel_open = 1,  // a request is neither delivered nor overtaken
    passes = 2,       // a failure of the wait finishes the frame instead of resuming it
    needs_preparation = cancel_open | passes,
    started = 8,
    cancel_woke = 16,  // a request ended the wait: the next step delivers it, whatever happens
    was_abandoned = 32,
    on_cancel_path = 64,
    pending_reported = 128,
  };
  bool has(Flag flag) const noexcept { return task_flags_ & flag; }
  void set(Flag flag) noexcept { task_flags_ = static_cast<std::uint8_t>(task_flags_ | flag); }
  void clear(Flag flag) noexcept { task_flags_ = static_cast<std::uint8_t>(task_flags_ & ~flag); }

  PromiseBase* leaf_;  // innermost suspended frame
  Waitable* waiting_on_ = nullptr;
  std::uint64_t id_;
  std::unique_ptr<TaskExtras> extras_;
  ContextRef context_;
  Ref<const Lineage> creator_;
};

}  // namespace heed::detail

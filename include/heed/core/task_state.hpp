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

// What only some tasks have.
struct TaskExtras : Pooled {
  std::string name;          // empty: "Task-<id>"
  Ref<ContextCell> context;  // a context given by the creator, shared; null: the task's own copy
  CancelReasonRef reason;    // of the last request that is not delivered yet
};

// The part of a task that outlives it as long as tasks it created need it: their chain of creators.
// Of a line of tasks that each start their successor only the nearest are kept.
struct Lineage : LocalRefCounted {
  static constexpr unsigned shown = 32;
  Creator creator;
  Ref<const Lineage> parent;
  unsigned length = 1;
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
  int cancelling() const noexcept { return static_cast<int>(cancel_requests_); }
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
  void pass_failure_of_wait() noexcept { passes_ = true; }
  // An undelivered request, for a wait that begins now: asyncio cancels what a task with a pending request waits for.
  bool cancel_pending() const noexcept { return undelivered_ != 0; }
  void cancel_new_wait() noexcept;

  void run(LoopCore& loop) final;
  TaskState* as_task() noexcept final { return this; }
  std::string describe_wait() const override;

  // The loop closes: reports the task, and destroys the coroutine, innermost frame first.
  void abandon() noexcept;
  // The end of this task was reported already: abandon() does it in silence.
  void skip_pending_report() noexcept { pending_reported_ = true; }
  bool abandoned() const noexcept { return abandoned_; }
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
  bool prepare_cancel(Scheduler& scheduler, Waitable* waited) noexcept;
  TaskState& end_of_cancel_path() noexcept;
  void cancel_here(const CancelReasonRef& reason);
  void wake_cancelled() noexcept;
  void settle_requests(std::uint32_t& requests, std::uint64_t CancellationCounts::*end) noexcept;
  TaskExtras& extras();
  Ref<const Lineage> lineage();

  PromiseBase* leaf_;  // innermost suspended frame
  Waitable* waiting_on_ = nullptr;
  std::uint32_t cancel_requests_ = 0;  // cancelling()
  std::uint32_t undelivered_ = 0;      // requests for the next step to deliver; uncancel() may withdraw them
  std::uint32_t forwarded_ = 0;        // requests that went to what the task waits for, or ended that wait
  std::uint64_t id_;
  std::unique_ptr<TaskExtras> extras_;
  ContextMapRef context_;
  Ref<const Lineage> creator_;
  Ref<const Lineage> lineage_;  // made when the task creates a task
  bool cancel_woke_ = false;    // a request ended the wait: the next step delivers it, whatever happens
  bool passes_ = false;         // a failure of the wait finishes the frame instead of resuming it
  bool started_ = false;
  bool abandoned_ = false;
  bool on_cancel_path_ = false;
  bool pending_reported_ = false;
};

}  // namespace heed::detail

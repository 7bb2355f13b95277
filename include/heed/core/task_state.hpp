// A future driven by a coroutine.
#pragma once

#include <coroutine>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/core/cancel_scopes.hpp"
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
  GivenNameRef name;
  Ref<const Lineage> lineage;         // made when the task creates a task
  std::uint32_t cancel_requests = 0;  // cancelling()
  std::uint32_t undelivered = 0;      // requests for the next step to deliver; uncancel() may withdraw them
  std::uint32_t forwarded = 0;        // requests that went to what the task waits for, or ended that wait
  std::uint32_t shields = 0;          // shielded regions that it is in
  std::uint32_t scopes_opened = 0;    // with a request of their own, ever
  CancelReasonRef reason;             // of the last of the undelivered requests
  CancelReasonRef woken_reason;       // of the request that ended the wait
  ScopedRequest* scopes = nullptr;    // that are open in the task, innermost first; their requests count beside those
  RegionState* region = nullptr;      // the innermost one
  TaskState* next_in_region = nullptr;
  TaskState* previous_in_region = nullptr;
};

// Unique in the process. Each thread takes a few numbers at a time from the one counter, so that a task does not cost a
// locked instruction (5 ns of about 30).
struct TaskIds {
  std::uint64_t next = 0;
  std::uint64_t end = 0;
  bool used_up() const noexcept { return next == end; }
};
extern constinit thread_local TaskIds task_ids;
void take_task_ids() noexcept;
inline std::uint64_t next_task_id() noexcept {
  if (task_ids.used_up()) [[unlikely]]
    take_task_ids();
  return task_ids.next++;
}

// A reason that says who asks: the running task.
CancelReasonRef make_reason(CancelSource source, std::string_view message, const std::source_location& where);

class TaskState : public FutureState, public TaskList::Link {
 public:
  // Owns `root`, which its Coro has to release. `creator`: null, or of the task that creates this one.
  TaskState(Scheduler& loop, PromiseBase& root, const std::source_location& where, const Lineage* creator) noexcept
      : FutureState(loop, where, true), id_(next_task_id()), creator_(creator) {
    leaf_ = &root;
    root.continuation_ = loop.root_continuation();
  }

  const char* class_name() const noexcept override { return "Task"; }
  FailureOrigin origin() const noexcept override { return FailureOrigin::task; }

  std::uint64_t id() const noexcept { return id_; }
  std::string name() const { return task_name(id_, name_given()); }
  GivenNameRef name_given() const noexcept { return extras_ ? extras_->name : nullptr; }
  void set_name(std::string name);
  Context context();
  void use_context(const Context& context);
  ContextRef& shared_context() noexcept { return context_; }
  // For the tasks that it creates; kept until the task gets another name.
  const Lineage* lineage();
  // The same, null unless it was made before, and the task has no context values for them either.
  const Lineage* plain_lineage() const noexcept {
    return extras_ && !(context_ && context_->map) ? extras_->lineage.get() : nullptr;
  }

  // Makes the task known to the loop, which keeps it until it is done, and schedules its first step.
  void start(Scheduler& loop) noexcept {
    loop.tasks.add(*this);
    retain();
    loop.ready.push(*this);
  }
  // The same, and the first step is run now.
  void start_eagerly();

  // asyncio's Task.cancel: the request goes to what the task waits for, or is delivered at its next step.
  bool cancel(const CancelReasonRef& reason) override { return request_cancel(reason, nullptr); }
  int cancelling() const noexcept { return extras_ ? static_cast<int>(extras_->cancel_requests) : 0; }
  int uncancel() noexcept;

  // The suspended frames, innermost first.
  AwaitChain await_chain() const;
  std::vector<Creator> creators() const;
  // What it waits for, null when it is ready, running, done or yields.
  Waitable* waiting_on() const noexcept { return waits() ? waiting_on_ : nullptr; }
  // Not done and not running: has a frame to continue.
  bool suspended() const noexcept { return !done() && leaf_; }

  // --- for awaiters -----------------------------------------------------------------------------------------------
  // The running task suspends in `frame`, waiting for `what`, which will make it ready.
  void suspend(PromiseBase& frame, Waitable& what) noexcept {
    leaf_ = &frame;
    waiting_on_ = &what;
    task_phase_ = TaskPhase::waits;
  }
  // The same for its turn, which it has in the ready queue.
  void suspend(PromiseBase& frame) noexcept { leaf_ = &frame; }
  void pass_failure_of_wait() noexcept { set(passes); }
  // For a wait that begins now: perhaps it is to be cancelled. asyncio cancels what a task with an undelivered request
  // waits for, and so does a cancelled region.
  bool cancel_pending() const noexcept { return has(cancel_open | region_cancelled); }
  void cancel_new_wait() noexcept;
  // Its next step will throw a CancelledError, whatever it waited for.
  bool has_request_to_deliver() const noexcept { return has(cancel_open) && (has(cancel_woke) || deliverable()); }

  // --- for scopes -------------------------------------------------------------------------------------------------
  // A new task, or one whose region ended. Null: it is in none.
  void enter_region(RegionState* region);
  RegionState* region() const noexcept { return extras_ ? extras_->region : nullptr; }
  bool in_cancelled_region() const noexcept { return has(region_cancelled); }
  // The running task: a CancelledError for the requests that its next await would raise; they count as delivered by
  // it. Null when there are none.
  std::exception_ptr deliver_now();

  void run(LoopCore& loop) final;
  inline void step(Scheduler& scheduler);  // what run() does
  TaskState* as_task() noexcept final { return this; }
  std::string describe_wait() const override;

  // The loop closes: reports the task, and destroys the coroutine, innermost frame first.
  void abandon() noexcept;
  // The end of this task was reported already: abandon() does it in silence.
  void skip_pending_report() noexcept { set(pending_reported); }
  bool abandoned() const noexcept { return has(was_abandoned); }
  // It was never started, and goes.
  void drop_coroutine() noexcept;
  // After all were abandoned: the task is cancelled, its callbacks never run, the loop lets go of it.
  void end_abandoned() noexcept;

 protected:
  ~TaskState() override = default;
  // Moves the value of the root frame into the task.
  virtual void take_value(PromiseBase& root) = 0;
  void describe_failure(FailureRecord& record) const override;

 private:
  void end(Scheduler& scheduler) noexcept;
  void finish(LoopCore& loop, PromiseBase& root) noexcept;
  void finish_without_value(LoopCore& loop, PromiseBase& root, std::exception_ptr failure) noexcept;
  void finish_root_failure(LoopCore& loop, std::exception_ptr failure) noexcept;
  void finish_lost(LoopCore& loop) noexcept;
  void leave_loop() noexcept;
  void leave_requests() noexcept;
  void leave_scopes() noexcept;

  friend class ScopedRequest;
  friend class RegionState;
  bool request_cancel(const CancelReasonRef& reason, ScopedRequest* own);
  bool prepare_cancel(Scheduler& scheduler) noexcept;
  bool holds_back(const ScopedRequest* own) const noexcept;
  bool deliverable() const noexcept;
  const CancelReasonRef& reason_to_deliver() const noexcept;
  TaskState& end_of_cancel_path(const ScopedRequest* own);
  void cancel_here(const CancelReasonRef& reason);
  void count_request() noexcept;
  void count_forwarded() noexcept;
  void wake_cancelled(const CancelReasonRef& reason) noexcept;
  void settle_requests(std::uint32_t& requests, std::uint64_t CancellationCounts::*end) noexcept;
  void settle_scoped(std::uint64_t CancellationCounts::*end, bool held_ones_too) noexcept;
  void settle_deliverable(std::uint64_t CancellationCounts::*end) noexcept;
  void settle_all_requests(std::uint64_t CancellationCounts::*end) noexcept;
  void close_cancel_if_settled() noexcept;
  void region_changed(bool cancelled) noexcept;
  bool passes_to_root(const PromiseBase& leaf) const noexcept;
  std::coroutine_handle<> end_cancelled(Scheduler& scheduler, PromiseBase& leaf, CancelReasonRef reason) noexcept;
  void end_step(Scheduler& scheduler) noexcept;
  std::coroutine_handle<> prepare_step(Scheduler& scheduler);
  TaskExtras& extras();

  bool fresh() const noexcept { return task_phase_ == TaskPhase::fresh; }
  bool waits() const noexcept { return task_phase_ == TaskPhase::waits; }
  // Beside has_callbacks. The first ones make the next step take the slow way.
  enum Flag : std::uint8_t {
    cancel_open = 2,  // a request is neither delivered nor overtaken
    passes = 4,       // a failure of the wait finishes the frame instead of resuming it
    region_cancelled = 8,
    needs_preparation = cancel_open | passes | region_cancelled,
    cancel_woke = 16,  // a request ended the wait: the next step delivers it, whatever happens
    was_abandoned = 32,
    on_cancel_path = 64,
    pending_reported = 128,
  };

  Waitable* waiting_on_;
  std::uint64_t id_;
  struct DropExtras {
    void operator()(TaskExtras* extras) const noexcept;
  };
  std::unique_ptr<TaskExtras, DropExtras> extras_;  // null for most
  ContextRef context_;
  Ref<const Lineage> creator_;
};

inline TaskState* TaskList::task_at(Link* link) const noexcept {
  return link == &ring_ ? nullptr : static_cast<TaskState*>(link);
}
inline TaskState* TaskList::first() const noexcept { return task_at(ring_.next_task); }
inline TaskState* TaskList::last() const noexcept { return task_at(ring_.previous_task); }
inline TaskState* TaskList::after(const Link& task) const noexcept { return task_at(task.next_task); }

// The running task continues at `awaiter` when all that is ready now has run.
inline void yield_running_task(PromiseBase& awaiter) noexcept {
  Scheduler& scheduler = *running_scheduler;
  TaskState& task = *scheduler.current_task;
  task.suspend(awaiter);
  scheduler.ready.push(task);
}

[[gnu::always_inline]] inline void TaskState::step(Scheduler& scheduler) {
  scheduler.current_task = this;
  PromiseBase& leaf = *std::exchange(leaf_, nullptr);
  scheduler.step_frame.set_continued(leaf);
  std::coroutine_handle<> frame = leaf.handle();
  if (has(needs_preparation)) [[unlikely]] {
    frame = prepare_step(scheduler);
    if (!frame) return;
  }
  task_phase_ = TaskPhase::turn;
  frame.resume();
  if (!leaf_) end(scheduler);
}

}  // namespace heed::detail

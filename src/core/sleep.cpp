#include "heed/core/sleep.hpp"

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed {

void Sleep::begin(detail::PromiseBase& awaiter) {
  detail::Scheduler& scheduler = *detail::running_scheduler;
  if (delay_ <= Duration::zero()) {
    if (delay_ == awaited) throw InvalidStateError("cannot await a sleep twice");
    return detail::yield_running_task(awaiter);
  }
  detail::LoopCore& loop = scheduler.core();
  loop.arm(*this, loop.now() + delay_);
  awaiter_ = &awaiter;
  task_ = scheduler.current_task;
  task_->suspend(awaiter, *this);
  if (task_->cancel_pending()) [[unlikely]]
    task_->cancel_new_wait();
}

// Due: the task is made ready, and so continues in the next iteration. asyncio's timer completes a future there, which
// takes the same turn. Of many that are due at once each has to come from memory: its frame is asked for here.
void Sleep::run(detail::LoopCore& loop) {
  __builtin_prefetch(awaiter_);
  delay_ = awaited;
  loop.ready.push(*std::exchange(task_, nullptr));
}

detail::CancelEffect Sleep::cancel_wait(const CancelReasonRef&) {
  if (!task_) return detail::CancelEffect::none;
  forget(*task_);
  return detail::CancelEffect::woken;
}

void Sleep::forget(detail::TaskState& task) noexcept {
  if (!task_) return;
  task_ = nullptr;
  delay_ = awaited;
  detail::LoopCore& loop = task.loop();
  if (armed()) {
    loop.disarm(*this);
  } else {
    loop.remove_ready(*this);
  }
}

std::string Sleep::describe_wait() const { return "sleep"; }

}  // namespace heed

// The cancellation of tasks: how a request finds its way, and what becomes of it.
#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed::detail {

// Whether a shield keeps a request from this task's waits: that of a scope inside of the shield is let through.
inline bool TaskState::holds_back(const ScopedRequest* own) const noexcept {
  return extras_->shields > (own ? own->shields_ : 0);
}

inline void TaskState::count_request() noexcept {
  auto& counts = loop().ledger.count_cancellations();
  ++counts.requested;
  ++counts.pending;
  ++extras_->cancel_requests;
  set(cancel_open);
}

inline void TaskState::count_forwarded() noexcept {
  if (!holds_back(nullptr)) extras_->forwarded += std::exchange(extras_->undelivered, 0);
  for (ScopedRequest* scope = extras_->scopes; scope; scope = scope->outer_) {
    if (!scope->pending() || holds_back(scope)) continue;
    scope->mark_passed();
    ++extras_->forwarded;
  }
}

void TaskState::settle_requests(std::uint32_t& requests, std::uint64_t CancellationCounts::*end) noexcept {
  auto& counts = loop().ledger.count_cancellations();
  counts.*end += requests;
  counts.pending -= requests;
  requests = 0;
}

inline void TaskState::settle_scoped(std::uint64_t CancellationCounts::*end, bool held_ones_too) noexcept {
  for (ScopedRequest* scope = extras_->scopes; scope; scope = scope->outer_) {
    if (!scope->pending() || (holds_back(scope) && !held_ones_too)) continue;
    scope->mark_passed();
    std::uint32_t one = 1;
    settle_requests(one, end);
  }
}

// A request goes along the tasks that await each other to the last one. Not by recursion: the line may be long, and
// tasks that await each other in a circle must not hang it. A task in a shielded region keeps what comes from outside.
// All on the path have their extras afterwards.
inline TaskState& TaskState::end_of_cancel_path(const ScopedRequest* own) {
  TaskState* task = this;
  try {
    for (;;) {
      task->extras();
      task->set(on_cancel_path);
      TaskState* awaited = task->waits() ? task->waiting_on_->as_task() : nullptr;
      if (!awaited || awaited->done() || awaited->has(on_cancel_path) || task->holds_back(own)) return *task;
      own = nullptr;
      task = awaited;
    }
  } catch (const std::bad_alloc&) {
    for (TaskState* marked = this; marked != task; marked = marked->waiting_on_->as_task())
      marked->clear(on_cancel_path);
    throw;
  }
}

bool TaskState::request_cancel(const CancelReasonRef& reason, ScopedRequest* own) {
  if (done()) return false;
  if (has(on_cancel_path)) {  // a circle through a gather: the request that is going round is enough
    count_request();
    ++extras_->forwarded;
    if (own) own->mark_passed();
    return true;
  }
  LoopCore::CancelRound round(loop());
  TaskState& end = end_of_cancel_path(own);
  for (TaskState* task = this; task != &end; task = task->waiting_on_->as_task()) {
    task->count_request();
    ++task->extras_->forwarded;
  }
  end.count_request();
  bool held = end.holds_back(&end == this ? own : nullptr);
  if (own && &end == this) {
    own->state_ = ScopedRequest::State::pending;
  } else {
    if (own) own->mark_passed();
    ++end.extras_->undelivered;
    end.extras_->reason = reason;
  }
  if (!held) end.cancel_here(reason);
  for (TaskState* task = this; task != &end; task = task->waiting_on_->as_task()) task->clear(on_cancel_path);
  end.clear(on_cancel_path);
  return true;
}

bool TaskState::deliverable() const noexcept {
  if (extras_->undelivered != 0 && !holds_back(nullptr)) return true;
  for (const ScopedRequest* scope = extras_->scopes; scope; scope = scope->outer_)
    if (scope->pending() && !holds_back(scope)) return true;
  return false;
}

// Of the deliverable requests, and the region's state, what outranks the others: it comes from farthest outside.
const CancelReasonRef& TaskState::reason_to_deliver() const noexcept {
  if (extras_->undelivered != 0 && !holds_back(nullptr)) return extras_->reason;
  if (has(cancel_woke)) return extras_->woken_reason;
  const ScopedRequest* outermost = nullptr;
  for (const ScopedRequest* scope = extras_->scopes; scope; scope = scope->outer_)
    if (scope->pending() && !holds_back(scope)) outermost = scope;
  return outermost ? outermost->reason_ : extras_->region->reason_to_tell();
}

// The last task on the path: the request goes to what it waits for, or stays for its next step.
void TaskState::cancel_here(const CancelReasonRef& reason) {
  if (!waits()) return;
  if (TaskState* awaited = waiting_on_->as_task()) {
    if (awaited->done()) return;
    waiting_on_->forget(*this);  // a circle of tasks that await each other: broken here
    return wake_cancelled(reason);
  }
  CancelEffect effect;
  try {
    effect = waiting_on_->cancel_wait(reason);
  } catch (const std::bad_alloc&) {  // what it waits for cannot be cancelled: the wait ends
    waiting_on_->forget(*this);
    effect = CancelEffect::woken;
  }
  switch (effect) {
    case CancelEffect::none: return;
    case CancelEffect::forwarded: return count_forwarded();
    case CancelEffect::woken: return wake_cancelled(reason);
  }
}

void TaskState::wake_cancelled(const CancelReasonRef& reason) noexcept {
  count_forwarded();
  // With nothing undelivered nobody will ask for that one: it is handed over.
  bool handed_over = extras_->undelivered == 0 && extras_->reason.get() == reason.get();
  extras_->woken_reason = handed_over ? std::move(extras_->reason) : reason;
  task_phase_ = TaskPhase::turn;
  set(cancel_woke);
  set(cancel_open);
  loop().ready.push(*this);
}

void TaskState::cancel_new_wait() noexcept {
  if (!has(region_cancelled) && !deliverable()) return;
  CancelReasonRef reason = reason_to_deliver();
  TaskState* awaited = waiting_on_->as_task();
  if (!awaited) return cancel_here(reason);
  try {
    if (awaited->cancel(reason)) count_forwarded();
  } catch (const std::bad_alloc&) {  // as in cancel_here()
    awaited->forget(*this);
    wake_cancelled(reason);
  }
}

int TaskState::uncancel() noexcept {
  if (!extras_) return 0;
  TaskExtras& more = *extras_;
  if (more.cancel_requests != 0) --more.cancel_requests;
  if (more.cancel_requests == 0) {
    more.reason = nullptr;
    settle_requests(more.undelivered, &CancellationCounts::withdrawn);
    settle_scoped(&CancellationCounts::withdrawn, true);
    close_cancel_if_settled();
  }
  return static_cast<int>(more.cancel_requests);
}

void TaskState::settle_deliverable(std::uint64_t CancellationCounts::*end) noexcept {
  settle_requests(extras_->forwarded, end);
  if (!holds_back(nullptr)) settle_requests(extras_->undelivered, end);
  settle_scoped(end, false);
  close_cancel_if_settled();
}

void TaskState::settle_all_requests(std::uint64_t CancellationCounts::*end) noexcept {
  settle_requests(extras_->forwarded, end);
  settle_requests(extras_->undelivered, end);
  settle_scoped(end, true);
  clear(cancel_open);
}

void TaskState::close_cancel_if_settled() noexcept {
  if (extras_->forwarded != 0 || extras_->undelivered != 0 || has(cancel_woke)) return;
  for (const ScopedRequest* scope = extras_->scopes; scope; scope = scope->outer_)
    if (scope->pending()) return;
  clear(cancel_open);
}

std::exception_ptr TaskState::deliver_now() {
  if (!has(cancel_open) || !deliverable()) return nullptr;
  std::exception_ptr error = std::make_exception_ptr(CancelledError(reason_to_deliver()));
  settle_deliverable(&CancellationCounts::delivered);
  return error;
}

// At the start of a step with requests open, or in a cancelled region: has the step a CancelledError to deliver itself?
bool TaskState::prepare_cancel(Scheduler& scheduler) noexcept {
  // A task that only yields, or begins, is cancelled by its region here; any other wait was cancelled when it began.
  bool deliver = has(cancel_woke) || deliverable() || (has(region_cancelled) && !waits());
  // Else they were passed on to what the task waited for: that ended cancelled, or it refused.
  bool delivered = deliver || (waits() && waiting_on_->ended_cancelled());
  CancelReasonRef reason;
  if (deliver) {
    const CancelReasonRef& known = reason_to_deliver();
    reason = &known == &extras_->woken_reason ? std::move(extras_->woken_reason) : known;
  }
  clear(cancel_woke);
  settle_deliverable(delivered ? &CancellationCounts::delivered : &CancellationCounts::completed_anyway);
  if (!deliver) return false;
  extras_->woken_reason = nullptr;
  scheduler.deliver_cancel = true;
  scheduler.cancel_reason = std::move(reason);
  return true;
}

}  // namespace heed::detail

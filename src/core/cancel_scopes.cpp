#include "heed/core/cancel_scopes.hpp"

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed::detail {

// --- requests that a scope takes back --------------------------------------------------------------------------------

// Of the requests that were not taken back, those that the task does not have before it.
std::uint32_t ScopedRequest::seen_requests(const TaskState& task) noexcept {
  const TaskExtras& more = *task.extras_;
  if (!task.has(TaskState::cancel_open)) return more.cancel_requests;
  std::uint32_t unseen = more.undelivered + more.forwarded;
  for (const ScopedRequest* scope = more.scopes; scope; scope = scope->outer_) unseen += scope->pending();
  return more.cancel_requests > unseen ? more.cancel_requests - unseen : 0;
}

void ScopedRequest::open(TaskState& task) {
  TaskExtras& more = task.extras();
  baseline_ = seen_requests(task);
  shields_ = more.shields;
  number_ = ++more.scopes_opened;
  outer_ = std::exchange(more.scopes, this);
  task_ = &task;
}

void ScopedRequest::make(const CancelReasonRef& reason) {
  if (made() || !task_) return;
  reason_ = reason;
  task_->request_cancel(reason, this);
}

void ScopedRequest::mark_passed() noexcept {
  state_ = State::passed;
  passed_at_ = task_->extras_->scopes_opened;
}

// Since the scope was opened.
std::uint32_t ScopedRequest::seen_of_others() const noexcept {
  std::uint32_t before = baseline_ + (state_ == State::passed ? 1 : 0), seen = seen_requests(*task_);
  return seen > before ? seen - before : 0;
}

bool ScopedRequest::others_asked() const noexcept { return task_ && seen_of_others() != 0; }

std::exception_ptr ScopedRequest::take_others(const std::exception_ptr& cancelled) {
  settle_own();
  if (others_asked()) return cancelled;
  return task_ ? task_->deliver_now() : nullptr;
}

void ScopedRequest::redeliver_others(const CancelReasonRef& reason) {
  TaskExtras& more = *task_->extras_;
  // Those of outer scopes stay theirs, so that these can take them back. What is more than those came from outside.
  ScopedRequest* outermost = nullptr;
  std::uint32_t of_scopes = 0;
  for (ScopedRequest* scope = outer_; scope; scope = scope->outer_) {
    if (scope->state_ != State::passed || scope->passed_at_ < number_) continue;
    outermost = scope;
    ++of_scopes;
  }
  bool from_outside = seen_of_others() > of_scopes;
  if (!from_outside && !outermost) return;
  auto& counts = task_->loop().ledger.count_cancellations();
  ++counts.requested;
  ++counts.pending;
  task_->set(TaskState::cancel_open);
  if (from_outside) {
    ++more.undelivered;
    more.reason = reason;
  } else {
    outermost->state_ = State::pending;
  }
}

void ScopedRequest::settle_own() noexcept {
  if (state_ == State::none || state_ == State::settled) return;
  TaskExtras& more = *task_->extras_;
  if (more.cancel_requests != 0) --more.cancel_requests;
  if (std::exchange(state_, State::settled) != State::pending) return;
  std::uint32_t one = 1;
  task_->settle_requests(one, &CancellationCounts::withdrawn);
  task_->close_cancel_if_settled();
}

void ScopedRequest::close() noexcept {
  if (!task_) return;
  settle_own();
  ScopedRequest** link = &task_->extras_->scopes;
  while (*link != this) link = &(*link)->outer_;
  *link = outer_;
  task_ = nullptr;
}

// --- regions ---------------------------------------------------------------------------------------------------------

void RegionState::open(TaskState& task) {
  TaskExtras& more = task.extras();
  outer_ = more.region;
  if (outer_) {
    next_ = outer_->first_inner_;
    if (next_) next_->previous_ = this;
    outer_->first_inner_ = this;
  }
  task_ = &task;
  if (shielded_) ++more.shields;
  update();
  task.enter_region(this);
}

void RegionState::close() noexcept {
  if (outer_) {
    (previous_ ? previous_->next_ : outer_->first_inner_) = next_;
    if (next_) next_->previous_ = previous_;
  }
  if (task_ && shielded_) --task_->extras_->shields;
  task_ = nullptr;
  while (RegionState* inner = first_inner_) {
    first_inner_ = inner->next_;
    if (first_inner_) first_inner_->previous_ = nullptr;
    inner->outer_ = outer_;
    inner->next_ = outer_ ? outer_->first_inner_ : nullptr;
    inner->previous_ = nullptr;
    if (inner->next_) inner->next_->previous_ = inner;
    if (outer_) outer_->first_inner_ = inner;
    inner->update();
  }
  while (first_task_) first_task_->enter_region(outer_);
  outer_ = next_ = previous_ = nullptr;
}

void RegionState::cancel(const CancelReasonRef& reason) noexcept {
  if (reason_) return;
  reason_ = reason;
  update();
}

// Its state may have changed: tells the tasks, and the regions inside. Not by recursion: they nest as deep as they like.
void RegionState::update() noexcept {
  RegionState* region = this;
  for (;;) {
    bool now = region->reason_ || region->cancelled_from_outside();
    bool changed = std::exchange(region->cancelled_, now) != now;
    if (changed)
      for (TaskState* task = region->first_task_; task; task = task->extras_->next_in_region) task->region_changed(now);
    if (changed && region->first_inner_) {
      region = region->first_inner_;
      continue;
    }
    while (region != this && !region->next_) region = region->outer_;
    if (region == this) return;
    region = region->next_;
  }
}

const CancelReasonRef& RegionState::reason_to_tell() const noexcept {
  const RegionState* outermost = this;
  for (const RegionState* region = this;; region = region->outer_) {
    if (region->reason_) outermost = region;
    if (!region->cancelled_from_outside()) return outermost->reason_;
  }
}

void RegionState::add_task(TaskState& task) noexcept {
  TaskExtras& more = *task.extras_;
  more.next_in_region = nullptr;
  more.previous_in_region = last_task_;
  (last_task_ ? last_task_->extras_->next_in_region : first_task_) = &task;
  last_task_ = &task;
}

void RegionState::remove_task(TaskState& task) noexcept {
  TaskExtras& more = *task.extras_;
  (more.previous_in_region ? more.previous_in_region->extras_->next_in_region : first_task_) = more.next_in_region;
  (more.next_in_region ? more.next_in_region->extras_->previous_in_region : last_task_) = more.previous_in_region;
}

// --- what a task does about them -------------------------------------------------------------------------------------

void TaskState::enter_region(RegionState* region) {
  TaskExtras& more = extras();
  if (more.region) more.region->remove_task(*this);
  more.region = region;
  if (region) region->add_task(*this);
  region_changed(region && region->cancelled());
}

void TaskState::region_changed(bool cancelled) noexcept {
  if (cancelled == has(region_cancelled)) return;
  if (!cancelled) return clear(region_cancelled);
  set(region_cancelled);
  if (waits()) cancel_new_wait();
}

// The task ends. Scopes may outlive it when they are kept in a generator.
void TaskState::leave_scopes() noexcept {
  while (ScopedRequest* scope = extras_->scopes) {
    extras_->scopes = scope->outer_;
    scope->task_ = nullptr;
  }
  RegionState* region = extras_->region;
  if (!region) return;
  for (RegionState* own = region; own; own = own->outer_)
    if (own->task_ == this) own->task_ = nullptr;
  region->remove_task(*this);
  extras_->region = nullptr;
}

}  // namespace heed::detail

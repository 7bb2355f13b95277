#include "heed/sync/condition.hpp"

#include <stdexcept>

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed {

namespace detail {

bool ConditionWaiter::begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
  lock_ = condition_->lock_;
  notified_ = cancelled_ = false;
  try {
    if (!lock_) {
      fail(destroyed_error("Lock"));
    } else if (!lock_->locked()) {
      fail(std::make_exception_ptr(std::runtime_error("cannot wait on un-acquired lock")));
    } else if (!lock_->waiters_.bind(*running_scheduler)) {  // it will have to wait for that one
      fail(foreign_loop_error(lock_->waiters_.owner()));
    } else if (queue_->bind(*running_scheduler)) {
      held_by_.take_over(lock_->holder());
      lock_->hand_on();
    }
  } catch (const std::bad_alloc&) {
    fail(std::current_exception());
  }
  return Waiter::begin(awaiter, site);
}

// The wait for the notification is over; the task continues when it has the lock, beginning in the next iteration.
void ConditionWaiter::start_turn() noexcept {
  be_granted();
  enqueue(task_->loop());
}

void ConditionWaiter::run(LoopCore& loop) {
  leave_queue();
  leave_line();
  queue_ = &lock_->waiters_;
  if (!lock_->try_acquire()) return wait_in_line();
  lock_->holder().take_over(held_by_);
  state_ = State::released;
  task_->run(loop);
}

// Without a turn: what it waited for is gone.
void ConditionWaiter::reacquire() noexcept {
  queue_ = &lock_->waiters_;
  wait_in_line();
  if (!lock_->locked() && !queue_->anyone_granted()) queue_->grant_next();
}

void ConditionWaiter::pass_notification_on() noexcept {
  if (std::exchange(notified_, false) && condition_) condition_->wake(1);
}

CancelEffect ConditionWaiter::cancel_wait(const CancelReasonRef& reason) {
  bool waits = state_ == State::waiting || state_ == State::granted;
  if (!waits) return CancelEffect::none;
  reason_ = reason;
  cancelled_ = true;
  if (state_ == State::waiting && condition_ && queue_ == &condition_->waiters_) start_turn();
  return CancelEffect::forwarded;
}

// The task is destroyed: whatever it had goes to others.
void ConditionWaiter::forget(TaskState& task) noexcept {
  withdraw(&task);
  bool has_lock = state_ == State::granted && lock_ && queue_ == &lock_->waiters_;
  Waiter::forget(task);
  if (has_lock) lock_->waiters_.grant_next();
  pass_notification_on();
}

void ConditionWaiter::lose(const void* primitive) noexcept {
  if (primitive == condition_) condition_ = nullptr;
  if (!error_) return;
  // The queue that it was in is gone, and its lock with it.
  lock_ = nullptr;
  condition_ = nullptr;
  if (withdraw(task_)) wake(task_->loop());
}

std::exception_ptr ConditionWaiter::end_wait() {
  if (state_ == State::granted) {
    lock_->holder().take_over(held_by_);
    leave_line();
  }
  state_ = State::idle;
  lock_ = nullptr;
  std::exception_ptr failure = std::exchange(error_, nullptr);
  CancelReasonRef reason = std::exchange(reason_, nullptr);
  if (running_scheduler->deliver_cancel) {
    failure = take_cancelled(*running_scheduler);
  } else if (!failure && cancelled_) {
    failure = std::make_exception_ptr(CancelledError(std::move(reason)));
  }
  if (failure) pass_notification_on();
  return failure;
}

}  // namespace detail

Condition::Condition(Lock& lock) noexcept : lock_(&lock), next_(lock.conditions_) {
  if (next_) next_->previous_ = this;
  lock.conditions_ = this;
}

Condition::~Condition() {
  if (!lock_) return;
  (previous_ ? previous_->next_ : lock_->conditions_) = next_;
  if (next_) next_->previous_ = previous_;
  // Those who wait for the lock already.
  lock_->waiters_.for_each([this](detail::Waiter& waiter) { waiter.lose(this); });
  if (lock_ == &own_lock_ || waiters_.idle()) return;
  // A task that waits has the lock when its wait fails.
  while (!waiters_.idle()) {
    auto& waiter = static_cast<detail::ConditionWaiter&>(static_cast<detail::Waiter&>(*waiters_.line_.first()));
    waiters_.remove(waiter);
    waiter.withdraw(waiter.task_);
    waiter.condition_ = nullptr;
    waiter.fail(detail::destroyed_error("Condition"));
    waiter.reacquire();
  }
}

Lock& Condition::lock() const {
  if (!lock_) throw InvalidStateError("the lock of this condition was destroyed");
  return *lock_;
}

void Condition::lose_lock() noexcept {
  lock_->conditions_ = next_;
  if (next_) next_->previous_ = nullptr;
  next_ = nullptr;
  lock_ = nullptr;
  waiters_.fail_all("Lock");
}

void Condition::wake(std::size_t count) noexcept {
  for (; count != 0 && waiters_.anyone_waits(); --count) {
    auto& waiter = static_cast<detail::ConditionWaiter&>(waiters_.first());
    waiter.notified_ = true;
    waiter.start_turn();
  }
}

void Condition::notify(std::size_t count) {
  if (!lock().locked()) throw std::runtime_error("cannot notify on un-acquired lock");
  wake(count);
}

}  // namespace heed

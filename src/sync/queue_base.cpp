#include "heed/sync/queue_base.hpp"

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed {

QueueEmpty::~QueueEmpty() = default;
QueueFull::~QueueFull() = default;
QueueShutDown::~QueueShutDown() = default;

namespace detail {

// --- waiting ---------------------------------------------------------------------------------------------------------

bool QueueWaiter::refuse_at_once(PromiseBase& awaiter, const std::source_location& site) noexcept {
  awaiter.site_ = site;
  state_ = State::refused;
  return false;
}

inline bool QueueWaiter::gets() const noexcept { return queue_ == &base_->getters_; }

inline bool QueueWaiter::can_be_served() const noexcept { return gets() ? base_->size_ != 0 : base_->has_room(); }

void QueueWaiter::leave(bool granted) noexcept {
  if (!granted || !base_) return;
  if (gets()) {
    base_->item_left();
  } else {
    base_->room_left();
  }
}

void QueueWaiter::start_turn(Scheduler& loop) noexcept {
  be_granted();
  enqueue(loop);
}

void QueueWaiter::run(LoopCore& loop) {
  leave_queue();
  if (state_ == State::granted && !can_be_served() && waits_again()) return;
  task_->run(loop);
}

// Somebody was faster. Unless the queue was shut down, or the task is to be cancelled anyhow.
[[gnu::noinline]] bool QueueWaiter::waits_again() noexcept {
  if (task_->has_request_to_deliver()) return false;
  leave_line();
  if (base_->shut_down_) {
    state_ = State::refused;
    return false;
  }
  wait_in_line();
  if (task_->cancel_pending()) task_->cancel_new_wait();
  return true;
}

void QueueWaiter::forget(TaskState& task) noexcept {
  withdraw(&task);
  Waiter::forget(task);
}

// The queue is gone: the task continues with the error.
void QueueWaiter::lose(const void*) noexcept {
  base_ = nullptr;
  if (withdraw(task_)) wake(task_->loop());
}

std::exception_ptr QueueWaiter::refusal() { return std::make_exception_ptr(QueueShutDown()); }

// --- the queue -------------------------------------------------------------------------------------------------------

void QueueBase::task_done() {
  if (unfinished_ == 0) throw std::invalid_argument("task_done() called too many times");
  if (--unfinished_ == 0) joined_.set();
}

void QueueBase::require_item() const {
  if (size_ != 0) return;
  if (shut_down_) throw QueueShutDown();
  throw QueueEmpty();
}

void QueueBase::require_room() const {
  if (shut_down_) throw QueueShutDown();
  if (full()) throw QueueFull();
}

void QueueBase::begin_shutdown(bool immediate) noexcept {
  shut_down_ = true;
  if (immediate) {
    unfinished_ -= size_ < unfinished_ ? size_ : unfinished_;
    size_ = 0;
    if (unfinished_ == 0) joined_.set();
  }
  while (getters_.anyone_waits()) wake_next(getters_);  // each finds out in its turn
  putters_.refuse_all();
}

}  // namespace detail

}  // namespace heed

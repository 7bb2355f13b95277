#include "heed/sync/queue_base.hpp"

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed {

QueueEmpty::~QueueEmpty() = default;
QueueFull::~QueueFull() = default;
QueueShutDown::~QueueShutDown() = default;

namespace detail {

// --- waiting ---------------------------------------------------------------------------------------------------------

void QueueWaiter::leave_turn() noexcept { task_->loop().remove_ready(turn_); }

bool QueueWaiter::begin_waiting(PromiseBase& awaiter, const std::source_location& site) noexcept {
  if (prospect() == Prospect::refused) [[unlikely]] {
    awaiter.site_ = site;
    state_ = State::refused;
    return false;
  }
  return Waiter::begin(awaiter, site);
}

void QueueWaiter::wake() noexcept {
  if (state_ != State::granted) return Waiter::wake();
  in_turn_ = true;
  task_->loop().ready.push(turn_);
}

void QueueWaiter::take_turn(LoopCore& loop) {
  in_turn_ = false;
  if (state_ == State::granted && !task_->has_request_to_deliver()) {
    switch (prospect()) {
      case Prospect::served: break;
      case Prospect::refused:
        end_grant();
        state_ = State::refused;
        break;
      case Prospect::waits:
        end_grant();
        wait_in_line();
        if (task_->cancel_pending()) task_->cancel_new_wait();
        return;
    }
  }
  task_->run(loop);
}

void QueueWaiter::forget(TaskState& task) noexcept {
  if (std::exchange(in_turn_, false)) task.loop().remove_ready(turn_);
  Waiter::forget(task);
}

// The queue is gone: the task continues with the error.
void QueueWaiter::lose(const void*) noexcept {
  base_ = nullptr;
  if (!std::exchange(in_turn_, false)) return;
  task_->loop().remove_ready(turn_);
  Waiter::wake();
}

std::exception_ptr QueueWaiter::refusal() { return std::make_exception_ptr(QueueShutDown()); }

QueueWaiter::Prospect QueueGetter::prospect() const noexcept {
  if (base_->size_ != 0) return Prospect::served;
  return base_->shut_down_ ? Prospect::refused : Prospect::waits;
}
void QueueGetter::leave(bool granted) noexcept {
  if (granted && base_) base_->item_left();
}

QueueWaiter::Prospect QueuePutter::prospect() const noexcept {
  if (base_->shut_down_) return Prospect::refused;
  return base_->full() ? Prospect::waits : Prospect::served;
}
void QueuePutter::leave(bool granted) noexcept {
  if (granted && base_) base_->room_left();
}

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
  while (getters_.grant_next()) {  // each finds out in its turn
  }
  putters_.refuse_all();
}

}  // namespace detail

}  // namespace heed

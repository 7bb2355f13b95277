#include "heed/sync/queue_base.hpp"

namespace heed {

QueueEmpty::~QueueEmpty() = default;
QueueFull::~QueueFull() = default;
QueueShutDown::~QueueShutDown() = default;

namespace detail {

bool QueueGetter::begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
  if (base_->shut_down_ && base_->size_ == 0) {
    awaiter.site_ = site;
    state_ = State::refused;
    return false;
  }
  return Waiter::begin(awaiter, site);
}

void QueueGetter::leave(bool granted) noexcept {
  if (granted) base_->promise_items();
}

std::exception_ptr QueueGetter::refusal() { return std::make_exception_ptr(QueueShutDown()); }

bool QueuePutter::begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
  if (base_->shut_down_) {
    awaiter.site_ = site;
    state_ = State::refused;
    return false;
  }
  return Waiter::begin(awaiter, site);
}

void QueuePutter::leave(bool granted) noexcept {
  if (granted) base_->promise_places();
}

std::exception_ptr QueuePutter::refusal() { return std::make_exception_ptr(QueueShutDown()); }

void QueueBase::task_done() {
  if (unfinished_ == 0) throw std::invalid_argument("task_done() called too many times");
  if (--unfinished_ == 0) joined_.set();
}

void QueueBase::claim_item() {
  if (item_free()) return;
  if (size_ != 0) return getters_.take_back_grant();
  if (shut_down_) throw QueueShutDown();
  throw QueueEmpty();
}

void QueueBase::claim_place() {
  if (place_free()) return;
  if (shut_down_) throw QueueShutDown();
  if (full()) throw QueueFull();
  putters_.take_back_grant();
}

void QueueBase::promise_items() noexcept {
  while (item_free() && getters_.grant_next()) {
  }
}

void QueueBase::promise_places() noexcept {
  while (place_free() && putters_.grant_next()) {
  }
}

// Those who still wait then had hoped that somebody gives a promised item back.
void QueueBase::refuse_if_drained() noexcept {
  if (size_ == 0) getters_.refuse_all();
}

void QueueBase::begin_shutdown(bool immediate) noexcept {
  shut_down_ = true;
  if (immediate) {
    unfinished_ -= size_ < unfinished_ ? size_ : unfinished_;
    size_ = 0;
    if (unfinished_ == 0) joined_.set();
  }
  refuse_if_drained();
  putters_.refuse_all();
}

}  // namespace detail

}  // namespace heed

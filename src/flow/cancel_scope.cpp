#include "heed/flow/cancel_scope.hpp"

#include <stdexcept>

#include "heed/core/event_loop.hpp"
#include "heed/core/loop_core.hpp"

namespace heed {

CancelScope::CancelScope(ScopeOptions options, std::source_location where)
    : region_(options.shielded_), delay_(options.delay_), deadline_(options.deadline_), where_(where) {}

CancelScope::~CancelScope() { leave(); }

void CancelScope::enter() {
  if (state_ != State::created) throw std::runtime_error("CancelScope has already been entered");
  detail::LoopCore& loop = detail::core_of_running_loop();
  if (!loop.current_task) throw std::runtime_error("CancelScope should be used inside a task");
  if (delay_) {
    TimePoint when = loop.now() + *delay_;
    if (!deadline_ || when < *deadline_) deadline_ = when;
  }
  region_.open(*loop.current_task);
  requests_.open(*loop.current_task);
  state_ = State::active;
  schedule();
}

void CancelScope::leave() noexcept {
  unschedule();  // also when the task has ended, but not this scope: its frame was kept
  if (state_ != State::active) return;
  requests_.close();
  region_.close();
  state_ = State::ended;
}

std::exception_ptr CancelScope::leave_with(std::exception_ptr failure) {
  if (failure && cancel_called() && is_cancellation(failure) && !region_.cancelled_from_outside()) {
    failure = requests_.take_others(failure);
    caught_ = !failure;
  }
  leave();
  return failure;
}

void CancelScope::cancel(std::string_view message, std::source_location where) {
  if (state_ == State::ended || cancel_called()) return;
  unschedule();
  region_.cancel(detail::make_reason(CancelSource::scope, message, where));
}

void CancelScope::set_deadline(std::optional<TimePoint> when) {
  if (state_ == State::ended) throw std::runtime_error("CancelScope has ended: it cannot get a deadline");
  unschedule();
  deadline_ = when;
  delay_ = std::nullopt;
  if (state_ == State::active) schedule();
}

void CancelScope::schedule() {
  if (!deadline_ || cancel_called()) return;
  detail::LoopCore& loop = requests_.task().loop();
  if (*deadline_ <= loop.now()) {
    region_.cancel(detail::make_reason(CancelSource::scope, "deadline", where_));
    return;
  }
  loop.arm(*this, *deadline_);
  loop_ = &loop;
  scheduled_ = true;
}

void CancelScope::unschedule() noexcept {
  if (!std::exchange(scheduled_, false)) return;
  if (armed()) {
    loop_->disarm(*this);
  } else {
    loop_->remove_ready(*this);
  }
}

void CancelScope::run(detail::LoopCore&) {
  scheduled_ = false;
  region_.cancel(detail::make_reason(CancelSource::scope, "deadline", where_));
}

}  // namespace heed

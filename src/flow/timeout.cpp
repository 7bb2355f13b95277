#include "heed/flow/timeout.hpp"

#include <cstdio>
#include <stdexcept>

#include "heed/core/event_loop.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed {

Timeout::~Timeout() { abandon(); }

void Timeout::enter() {
  if (state_ != State::created) throw std::runtime_error("Timeout has already been entered");
  detail::LoopCore& loop = detail::core_of_running_loop();
  if (!loop.current_task) throw std::runtime_error("Timeout should be used inside a task");
  if (delay_) when_ = loop.now() + *delay_;
  request_.open(*loop.current_task);
  state_ = State::active;
  if (when_) schedule(*when_);
}

void Timeout::reschedule(std::optional<TimePoint> when) {
  switch (state_) {
    case State::created: throw std::runtime_error("Timeout has not been entered");
    case State::active: break;
    case State::expiring: throw std::runtime_error("Cannot change state of expiring Timeout");
    case State::expired: throw std::runtime_error("Cannot change state of expired Timeout");
    case State::finished: throw std::runtime_error("Cannot change state of finished Timeout");
  }
  unschedule();
  when_ = when;
  if (when_) schedule(*when_);
}

// asyncio: a deadline that has passed already is a callback of its own, a later one a timer.
void Timeout::schedule(TimePoint when) {
  detail::LoopCore& loop = request_.task().loop();
  loop_ = &loop;
  if (when <= loop.now()) {
    loop.ready.push(*this);
  } else {
    loop.arm(*this, when);
  }
  scheduled_ = true;
}

void Timeout::unschedule() noexcept {
  if (!std::exchange(scheduled_, false)) return;
  if (armed()) {
    loop_->disarm(*this);
  } else {
    loop_->remove_ready(*this);
  }
}

void Timeout::run(detail::LoopCore&) {
  scheduled_ = false;
  state_ = State::expiring;
  request_.make(detail::make_reason(CancelSource::timeout, "", where_));
}

void Timeout::abandon() noexcept {
  unschedule();  // also when the task has ended, but not this scope: its frame was kept
  if (state_ != State::active && state_ != State::expiring) return;
  request_.close();
  state_ = expired() ? State::expired : State::finished;
}

std::exception_ptr Timeout::leave(const std::exception_ptr& failure, bool keep_late_value) {
  detail::TaskState& task = request_.task();
  detail::Trail& trail = task.loop().trail;
  bool cut_in = request_.made() && !request_.pending();
  bool cancelled = failure && is_cancellation(failure);
  std::exception_ptr others;
  if (cancelled && expired()) others = task.in_cancelled_region() ? failure : request_.take_others(failure);
  abandon();
  if (others) return others;
  if (state_ != State::expired) return failure;
  if (!failure && (!cut_in || keep_late_value)) return failure;
  if (failure && !cancelled) {
    trail.add_note(failure, "a timeout had expired: " + describe());
    return failure;
  }
  auto error = std::make_exception_ptr(TimeoutError());
  if (cancelled) trail.turned_into(failure, error);
  trail.add_note(error, describe());
  return error;
}

// "timeout of 0.5 s at app.cpp:12"
std::string Timeout::describe() const {
  std::string text = "timeout";
  if (delay_) {
    char seconds[48];
    std::snprintf(seconds, sizeof seconds, " of %g s", std::chrono::duration<double>(*delay_).count());
    text += seconds;
  }
  if (where_.line() != 0) text += std::string(" at ") + where_.file_name() + ":" + std::to_string(where_.line());
  return text;
}

}  // namespace heed

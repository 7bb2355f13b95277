#include "heed/sync/waiter.hpp"

#include <stdexcept>
#include <utility>

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed::detail {

namespace {

template <class E>
std::exception_ptr error_about(const char* primitive, const char* text) noexcept {
  try {
    return std::make_exception_ptr(E(std::string(primitive) + text));
  } catch (...) {  // no memory for the text
    return std::current_exception();
  }
}

}  // namespace

std::exception_ptr destroyed_error(const char* primitive) noexcept {
  return error_about<InvalidStateError>(primitive, " was destroyed while a task waited for it");
}

std::exception_ptr foreign_loop_error(const char* primitive) noexcept {
  return error_about<std::runtime_error>(primitive, " is bound to a different event loop");
}

// --- WaitQueue -------------------------------------------------------------------------------------------------------

bool WaitQueue::grant_next() noexcept {
  if (!anyone_waits()) return false;
  Waiter& waiter = first();
  grant(waiter);
  waiter.wake(*loop_);
  return true;
}

void WaitQueue::release(Waiter& waiter) noexcept {
  remove(waiter);
  waiter.state_ = Waiter::State::released;
  waiter.wake(*loop_);
}

void WaitQueue::refuse(Waiter& waiter) noexcept {
  remove(waiter);
  waiter.state_ = Waiter::State::refused;
  waiter.wake(*loop_);
}

void WaitQueue::release_all() noexcept {
  while (anyone_waits()) release(first());
}

void WaitQueue::refuse_all() noexcept {
  while (anyone_granted()) {  // these are on their way already
    auto& waiter = static_cast<Waiter&>(*line_.first());
    remove(waiter);
    waiter.state_ = Waiter::State::refused;
  }
  while (anyone_waits()) refuse(first());
}

void WaitQueue::fail_all(const char* gone) noexcept {
  while (!idle()) {
    auto& waiter = static_cast<Waiter&>(*line_.first());
    remove(waiter);
    bool ready = waiter.state_ == Waiter::State::granted;
    waiter.state_ = Waiter::State::released;
    waiter.queue_ = nullptr;
    waiter.fail(destroyed_error(gone));
    waiter.lose(this);
    if (!ready) waiter.wake(*loop_);
  }
}

[[gnu::noinline]] bool Turn::withdraw_from_loop_of(TaskState& task) noexcept {
  queued_ = false;
  task.loop().remove_ready(*this);
  return true;
}

// --- Waiter ----------------------------------------------------------------------------------------------------------

void Waiter::leave_line() noexcept { queue_->remove(*this); }

void Waiter::leave(bool) noexcept {}
void Waiter::lose(const void*) noexcept {}

void Waiter::wake(Scheduler& loop) noexcept { loop.ready.push(*task_); }

bool Waiter::begin(PromiseBase& awaiter, Scheduler& scheduler) noexcept {
  if (error_ || !queue_->bind(scheduler)) [[unlikely]]
    return fail_at_once();
  task_ = scheduler.current_task;
  wait_in_line();
  task_->suspend(awaiter, *this);
  if (task_->cancel_pending()) [[unlikely]]
    return begin_cancelled();
  return true;
}

[[gnu::noinline]] bool Waiter::begin_cancelled() noexcept {
  task_->cancel_new_wait();
  return true;
}

[[gnu::noinline]] bool Waiter::fail_at_once() noexcept {
  if (!error_) fail(foreign_loop_error(queue_->owner()));
  state_ = State::released;
  return false;
}

CancelEffect Waiter::cancel_wait(const CancelReasonRef&) {
  if (state_ != State::waiting) return CancelEffect::none;
  leave_line();
  state_ = State::cancelled;
  leave(false);
  return CancelEffect::woken;
}

void Waiter::forget(TaskState&) noexcept {
  State was = std::exchange(state_, State::idle);
  error_ = nullptr;
  if (was != State::waiting && was != State::granted) return;
  leave_line();
  leave(was == State::granted);
}

std::exception_ptr Waiter::end_wait() {
  State was = std::exchange(state_, State::idle);
  if (was == State::granted) leave_line();
  if (was == State::cancelled || was == State::refused || error_ || running_scheduler->deliver_cancel) [[unlikely]]
    return failure_of_wait(was);
  if (was == State::granted) accept();
  return nullptr;
}

const std::exception_ptr* Waiter::hold_failure() {
  std::exception_ptr failure = take_failure();
  return failure ? &running_scheduler->trail.hold(failure) : nullptr;
}

[[gnu::noinline]] std::exception_ptr Waiter::failure_of_wait(State was) {
  if (was == State::cancelled || running_scheduler->deliver_cancel) {
    error_ = nullptr;
    if (was == State::granted) leave(true);
    return take_cancelled(*running_scheduler);
  }
  if (error_) return std::exchange(error_, nullptr);
  return refusal();
}

}  // namespace heed::detail

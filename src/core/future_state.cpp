#include "heed/core/future_state.hpp"

#include <atomic>
#include <cstdio>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/log.hpp"

namespace heed::detail {

CancelReasonRef FutureState::cancel_reason() const noexcept {
  return status_ == FutureStatus::cancelled ? CancelReasonRef(reason_) : nullptr;
}

bool FutureState::cancel(const CancelReasonRef& reason) {
  if (done()) return false;  // asyncio also silences a failure here; a failure that nobody read is still reported
  finish_cancelled(reason);
  return true;
}

void FutureState::finish_failed(std::exception_ptr exception) noexcept {
  failure_ = loop().open_failure(std::move(exception), origin());
  status_ = FutureStatus::failed;
  if (failure_) {
    failure_->holder = this;
    try {
      describe_failure(*failure_);
    } catch (const std::bad_alloc&) {  // the failure is kept with what is known so far
    }
  }
  schedule_callbacks();
}

void FutureState::finish_cancelled(CancelReasonRef reason) noexcept {
  reason_ = reason.leak();
  status_ = FutureStatus::cancelled;
  schedule_callbacks();
}

void FutureState::describe_failure(FailureRecord& record) const { record.created_at = created_at_; }

std::exception_ptr FutureState::peek_exception() const {
  switch (status_) {
    case FutureStatus::pending:
    case FutureStatus::value:
    case FutureStatus::guarded_value: return nullptr;
    case FutureStatus::failed:
      if (failure_) return failure_->exception();
      return std::make_exception_ptr(std::bad_alloc());  // it was told to the last resort
    case FutureStatus::cancelled: return std::make_exception_ptr(CancelledError(cancel_reason()));
  }
  return nullptr;
}

std::exception_ptr FutureState::take_exception() {
  FailureRecord* record = failure();
  if (record) {
    loop().ledger.settle(*record, Disposition::retrieved);
    if (on_running_loop()) loop_->trail.delivered(record->exception(), record->id);
  }
  return peek_exception();
}

std::exception_ptr FutureState::merge_exception() {
  if (FailureRecord* record = failure()) loop().ledger.settle(*record, Disposition::merged);
  return peek_exception();
}

std::exception_ptr FutureState::exception() {
  if (status_ == FutureStatus::pending) throw InvalidStateError("Exception is not set.");
  if (status_ == FutureStatus::cancelled) throw CancelledError(cancel_reason());
  return take_exception();
}

void FutureState::require_value() {
  if (status_ == FutureStatus::guarded_value) deliver_value();
  if (status_ == FutureStatus::value) return;
  if (status_ == FutureStatus::pending) throw InvalidStateError("Result is not set.");
  if (status_ == FutureStatus::cancelled) throw CancelledError(cancel_reason());
  std::rethrow_exception(take_exception());
}

std::exception_ptr FutureState::failure_for_awaiter(PromiseBase& awaiter) {
  if (status_ == FutureStatus::guarded_value) deliver_value();
  if (status_ == FutureStatus::value) return nullptr;
  std::exception_ptr exception = take_exception();
  running_scheduler->trail.begin(exception, awaiter, failure() ? failure()->id : 0);
  return exception;
}

bool FutureState::ended_cancelled() const noexcept {
  return status_ == FutureStatus::cancelled ||
         (status_ == FutureStatus::failed && failure_ && is_cancellation(failure_->exception()));
}

CancelEffect FutureState::cancel_wait(const CancelReasonRef& reason) {
  return cancel(reason) ? CancelEffect::forwarded : CancelEffect::none;
}

void FutureState::forget(TaskState& task) noexcept {
  if (!done()) waiters_.remove(task);
}

void FutureState::check_awaitable() const {
  Scheduler& scheduler = *running_scheduler;
  TaskState* task = scheduler.current_task;
  if (loop_ != &scheduler)
    throw std::runtime_error("Task '" + task->name() + "' awaits a " + class_name() + " attached to a different loop");
  if (this == task) throw std::runtime_error("Task cannot await on itself: '" + task->name() + "'");
}

void FutureState::schedule_callbacks() noexcept {
  if (waiters_.empty()) return;
  if (has(has_callbacks)) {
    if (loop().closed()) {  // nothing will run any more
      FutureStatus end = std::exchange(status_, FutureStatus::pending);
      drop_callbacks();
      status_ = end;
      return;
    }
    // A callback keeps the future alive until it ran; waiting tasks do so by their awaiter.
    for (Runnable* waiter = waiters_.first(); waiter; waiter = waiter->next) {
      auto* callback = waiter->as_done_callback();
      if (!callback) continue;
      callback->future_ = this;
      retain();
    }
  }
  waiters_.move_to(loop_->ready);
}

void FutureState::add_callback(DoneCallback* callback) {
  if (!done()) {
    set(has_callbacks);
    waiters_.push_back(*callback);
    return;
  }
  if (loop().closed()) {
    delete callback;
    throw_loop_closed();
  }
  callback->future_ = this;
  retain();
  loop_->ready.push(*callback);
}

std::size_t FutureState::remove_callback(std::uint64_t id) noexcept {
  if (done()) return 0;  // asyncio: they are scheduled already
  for (Runnable* waiter = waiters_.first(); waiter; waiter = waiter->next) {
    auto* callback = waiter->as_done_callback();
    if (!callback || callback->id() != id) continue;
    waiters_.remove(*callback);
    delete callback;
    return 1;
  }
  return 0;
}

std::size_t FutureState::remove_callbacks(const void* tag, const void* function) noexcept {
  if (done()) return 0;
  std::size_t removed = 0;
  for (Runnable* waiter = waiters_.first(); waiter;) {
    Runnable* following = waiter->next;
    auto* callback = waiter->as_done_callback();
    if (callback && callback->same_as(tag, function)) {
      waiters_.remove(*callback);
      delete callback;
      ++removed;
    }
    waiter = following;
  }
  return removed;
}

void FutureState::drop_callbacks() noexcept {
  if (!has(has_callbacks) || done()) return;
  RunnableList dropped = std::exchange(waiters_, RunnableList());
  clear(has_callbacks);
  while (Runnable* waiter = dropped.first()) {
    dropped.remove(*waiter);
    if (auto* callback = waiter->as_done_callback()) delete callback;
  }
}

ErrorContext FutureState::failure_context(std::string message) const {
  ErrorContext context;
  context.message = std::move(message);
  context.exception = failure_->exception();
  context.future = AnyFuture::share(const_cast<FutureState&>(*this));
  context.record = failure_;
  if (loop().debug()) context.source_traceback = created_at_;
  return context;
}

void FutureState::report_unretrieved() noexcept {
  LoopCore& core = loop();
  if (retrieved_elsewhere()) {
    core.ledger.settle(*failure_, Disposition::retrieved);
    return;
  }
  try {
    core.report(failure_context(std::string(class_name()) + " exception was never retrieved"));
  } catch (const std::bad_alloc&) {
    last_resort("out of memory while reporting an exception that was never retrieved", failure_->exception());
  }
  core.ledger.settle(*failure_, Disposition::reported);
}

void FutureState::report_provisionally() noexcept {
  LoopCore& core = loop();
  if (retrieved_elsewhere()) {
    core.ledger.settle(*failure_, Disposition::retrieved);
    return;
  }
  core.ledger.mark_provisional(*failure_);
  try {
    double seconds = std::chrono::duration<double>(core.unretrieved_grace).count();
    char text[96];
    std::snprintf(text, sizeof text, " exception was not retrieved for %g s (provisional: %u still hold it)", seconds,
                  references_);
    core.report(failure_context(class_name() + std::string(text)));
  } catch (const std::bad_alloc&) {
    last_resort("out of memory while reporting an exception that was not retrieved", failure_->exception());
  }
}

void FutureState::dispose() noexcept {
  if (!on_running_loop() || !has_value()) [[unlikely]]
    return dispose_carefully();
  delete this;
}

void FutureState::dispose_carefully() noexcept {
  if (!on_running_loop() && loop().on_other_thread()) {
    // Handles belong to their loop's thread. The last one went elsewhere: the end and its report happen at home.
    references_ = 1;
    if (loop().post_release(*this)) return;
    references_ = 0;
  }
  if (FailureRecord* record = failure(); record && record->disposition == Disposition::live) {
    references_ = 1;  // the handler may use the future, and even keep it
    report_unretrieved();
    if (--references_ != 0) return;
  }
  drop_what_is_left();
  delete this;
}

void FutureState::drop_what_is_left() noexcept {
  switch (status_) {
    case FutureStatus::pending:
      if (TaskState* task = as_task()) task->drop_coroutine();
      drop_callbacks();
      break;
    case FutureStatus::failed: loop().ledger.close(std::exchange(failure_, nullptr)); break;
    case FutureStatus::cancelled: CancelReasonRef::adopt(std::exchange(reason_, nullptr)); break;
    case FutureStatus::value:
    case FutureStatus::guarded_value: break;
  }
}

void suspend_task_on(Scheduler& scheduler, PromiseBase& awaiter, FutureState& state) noexcept {
  TaskState& task = *scheduler.current_task;
  state.add_waiter(task);
  task.suspend(awaiter, state);
  if (task.cancel_pending()) [[unlikely]]
    task.cancel_new_wait();
}

void pass_failure_of_wait() noexcept { running_scheduler->current_task->pass_failure_of_wait(); }

std::exception_ptr failure_to_deliver(FutureState& state) {
  return state.failure_for_awaiter(running_scheduler->step_frame.last());
}

const std::exception_ptr* hold_failure_to_deliver(FutureState& state) {
  std::exception_ptr exception = failure_to_deliver(state);
  return exception ? &running_scheduler->trail.hold(exception) : nullptr;
}

void require_settable(const FutureState& state, const char* operation) {
  if (state.is_task()) throw std::runtime_error(std::string("Task does not support ") + operation + " operation");
  if (state.done()) throw InvalidStateError(std::string(operation) + ": the future is done already");
}

void set_exception(FutureState& state, std::exception_ptr exception) {
  require_settable(state, "set_exception");
  if (!exception) throw std::invalid_argument("set_exception: the exception is null");
  state.finish_failed(std::move(exception));
}

// --- done callbacks --------------------------------------------------------------------------------------------------

std::uint64_t DoneCallback::next_id() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

void DoneCallback::run(LoopCore& loop) {
  FutureState* future = std::exchange(future_, nullptr);
  {
    ContextScope scope(context_);
    try {
      call(*future);
    } catch (...) {
      std::string what;
      try {
        what = describe();
      } catch (const std::bad_alloc&) {  // the failure counts, not its description
      }
      loop.report_callback_failure(std::current_exception(), what);
    }
  }
  delete this;
  future->release();
}

void DoneCallback::discard() noexcept {
  FutureState* future = std::exchange(future_, nullptr);
  delete this;
  if (future) future->release();
}

}  // namespace heed::detail

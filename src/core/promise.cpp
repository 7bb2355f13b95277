#include "heed/core/promise.hpp"

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/log.hpp"
#include "heed/failure/report.hpp"

namespace heed::detail {

namespace {

// Set when a destructor throws while destroy_frame() runs: the frame is then at its end but not gone.
constinit thread_local bool destructor_threw = false;

}  // namespace

void report_destructor(const std::source_location& site, std::exception_ptr exception) noexcept {
  if (!running_scheduler) return last_resort("exception in a destructor while a coroutine was destroyed", exception);
  ErrorContext context;
  try {
    context.message = "Exception in a destructor while " + function_name(site) + " was destroyed";
  } catch (const std::bad_alloc&) {
  }
  running_scheduler->core().report_failure(std::move(exception), FailureOrigin::cleanup, context);
}

namespace {

void destroy_frame(PromiseBase& promise) noexcept {
  bool outer = std::exchange(destructor_threw, false);
  promise.destroying_ = true;
  std::coroutine_handle<> frame = promise.handle();
  std::source_location site = promise.site_;
  try {
    frame.destroy();
    if (destructor_threw) frame.destroy();  // g++ and clang go to the final suspend point and stay there
  } catch (...) {                           // the destructor of a parameter; the frame's memory is lost then
    report_destructor(site, std::current_exception());
  }
  destructor_threw = outer;
}

}  // namespace

void PromiseBase::exception_left_body() noexcept {
  std::exception_ptr exception = std::current_exception();
  if (destroying_) {
    destructor_threw = true;
    return report_destructor(site_, std::move(exception));
  }
  running_scheduler->trail.left(exception, *this);
  set_failure(std::move(exception), FrameStatus::failed);
}

const std::exception_ptr& PromiseBase::hold_failure() noexcept { return running_scheduler->trail.hold(take_failure()); }

void disown(PromiseBase& promise) noexcept {
  if (promise.owner_) promise.owner_->frame_ = nullptr;
}

void destroy_unfinished(PromiseBase& promise) noexcept {
  if (promise.status_ == FrameStatus::failed_suspended && promise.continuation_) {
    void* frame = PromiseBase::of(promise.continuation_).continuation_;
    while (frame != promise.handle().address()) {
      PromiseBase& skipped = PromiseBase::of(frame);
      frame = skipped.continuation_;
      disown(skipped);
      destroy_frame(skipped);
    }
  } else if (promise.status_ == FrameStatus::unfinished && !promise.started() && running_scheduler &&
             running_scheduler->core().debug()) {
    try {
      std::string text = "coroutine '" + function_name(promise.site_) + "' was never awaited, created at " +
                         promise.site_.file_name() + ":" + std::to_string(promise.site_.line());
      log(LogRecord{LogLevel::warning, text, nullptr});
    } catch (const std::bad_alloc&) {
    }
  }
  destroy_frame(promise);
}

void destroy_chain(PromiseBase& leaf, const void* end) noexcept {
  for (PromiseBase* promise = &leaf;;) {
    void* next = promise->continuation_;
    disown(*promise);
    destroy_frame(*promise);
    if (next == end || !next) return;
    promise = &PromiseBase::of(next);
  }
}

namespace {

// Hands the failure of `finished` on over all awaiters that used pass; returns the frame that ends up with it.
PromiseBase& pass_up(PromiseBase& finished) noexcept {
  if (!finished.passes_) return finished;
  std::exception_ptr failure = finished.take_failure();
  if (finished.status_ == FrameStatus::failed_suspended) {
    std::destroy_at(&finished.failure_);
    finished.owner_ = nullptr;
    finished.status_ = FrameStatus::skipped;
  }
  PromiseBase* last = &PromiseBase::of(finished.continuation_);
  for (; last->passes_; last = &PromiseBase::of(last->continuation_)) last->status_ = FrameStatus::skipped;
  last->set_failure(std::move(failure), FrameStatus::failed_suspended);
  return *last;
}

}  // namespace

std::coroutine_handle<> continue_after_failure(PromiseBase& finished) noexcept {
  if (finished.destroying_) return std::noop_coroutine();
  Scheduler& scheduler = *running_scheduler;
  PromiseBase& last = pass_up(finished);
  void* next = last.continuation_;
  if (&last != &finished) last.continuation_ = finished.handle().address();
  scheduler.step_frame.set_finished(last);
  return scheduler.transfer(std::coroutine_handle<>::from_address(next));
}

std::coroutine_handle<> finish_with(PromiseBase& suspended, std::exception_ptr failure) noexcept {
  Scheduler& scheduler = *running_scheduler;
  scheduler.trail.left(failure, suspended);
  suspended.set_failure(std::move(failure), FrameStatus::failed_suspended);
  PromiseBase& last = pass_up(suspended);
  void* next = last.continuation_;
  last.continuation_ = &last != &suspended ? suspended.handle().address() : nullptr;
  scheduler.step_frame.set_finished(last);
  return scheduler.transfer(std::coroutine_handle<>::from_address(next));
}

void CoroBase::cannot_await() const {
  if (!frame_) throw InvalidStateError("cannot await a coroutine that was moved from");
  throw InvalidStateError("cannot reuse already awaited coroutine '" + function_name(promise().site_) + "'");
}

}  // namespace heed::detail

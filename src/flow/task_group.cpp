#include "heed/flow/task_group.hpp"

#include <stdexcept>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed::detail {

// Belongs to the child, which it links into its group as long as the child runs.
class ChildCallback final : public DoneCallback {
 public:
  ChildCallback(Ref<GroupState> group, FutureState& child)
      : DoneCallback(copy_of_current_context()), group_(std::move(group)), child_(child) {
    previous_ = group_->last_;
    (previous_ ? previous_->next_child : group_->first_) = this;
    group_->last_ = this;
    ++group_->unfinished_;
  }
  ~ChildCallback() override { leave(); }

  FutureState& child() const noexcept { return child_; }
  ChildCallback* next_child = nullptr;

 private:
  void call(FutureState& child) override {
    leave();
    group_->child_done(child);
  }
  std::string describe() const override { return "TaskGroup"; }
  void leave() noexcept {
    if (!std::exchange(linked_, false)) return;
    (previous_ ? previous_->next_child : group_->first_) = next_child;
    (next_child ? next_child->previous_ : group_->last_) = previous_;
    --group_->unfinished_;
  }

  Ref<GroupState> group_;
  FutureState& child_;
  ChildCallback* previous_ = nullptr;
  bool linked_ = true;
};

namespace {

bool is_interrupt(const std::exception_ptr& exception) {
  return find<KeyboardInterrupt>(exception) || find<SystemExit>(exception);
}

CancelReasonRef reason_of(const std::exception_ptr& cancellation) {
  const auto* error = find<CancelledError>(cancellation);
  return error ? error->shared_reason() : nullptr;
}

}  // namespace

Scheduler& GroupState::check_open() {
  LoopCore& loop = core_of_running_loop();
  if (state_ == State::created) {
    if (!loop.current_task) throw std::runtime_error("TaskGroup has not been entered");
    state_ = State::open;
    loop_ = &loop;
  }
  if (loop_ != &loop) throw std::runtime_error("TaskGroup is bound to a different event loop");
  if (state_ == State::ended || (state_ == State::joining && unfinished_ == 0))
    throw std::runtime_error("TaskGroup is finished");
  if (aborting_) throw std::runtime_error("TaskGroup is shutting down");
  return loop;
}

void GroupState::enter(bool with_body) {
  LoopCore& loop = core_of_running_loop();
  if (state_ == State::joining || state_ == State::ended || with_body_ || (with_body && state_ != State::created))
    throw std::runtime_error("TaskGroup has already been entered");
  if (!loop.current_task) throw std::runtime_error("TaskGroup cannot determine the parent task");
  if (loop_ && loop_ != &loop) throw std::runtime_error("TaskGroup is bound to a different event loop");
  loop_ = &loop;
  request_.open(*loop.current_task);
  if (with_body) region_ = loop.current_task->region();
  with_body_ = with_body;
  state_ = with_body ? State::open : State::joining;
  if (with_body && aborting_) request_.make(make_reason(CancelSource::task_group, "", where_));  // cancelled before
}

void GroupState::adopt(FutureState& child) {
  try {
    child.add_callback(new ChildCallback(Ref<GroupState>(this), child));
  } catch (const std::bad_alloc&) {  // it may not live outside of the group
    child.cancel(nullptr);
    throw;
  }
  if (aborting_) child.cancel(abort_reason_);  // an eager one, and its first step led to that
}

void GroupState::abort(const CancelReasonRef& reason) {
  aborting_ = true;
  abort_reason_ = reason;
  std::vector<AnyFuture> asked;  // cancel() ends nothing at once, but it may drop callbacks of a closed loop
  asked.reserve(unfinished_);
  for (ChildCallback* callback = first_; callback; callback = callback->next_child)
    asked.push_back(AnyFuture::share(callback->child()));
  for (const AnyFuture& child : asked) child.state().cancel(reason);
}

void GroupState::cancel(const CancelReasonRef& reason) {
  if (state_ == State::ended || aborting_) return;
  abort(reason);
  if (with_body_ && state_ == State::open) request_.make(reason);
}

void GroupState::child_done(FutureState& child) {
  if (child.status() == FutureStatus::failed && !child.ended_cancelled() && state_ != State::ended) {
    bool interrupt = child.failure() && is_interrupt(child.failure()->exception());
    if (interrupt && !interrupted_) {
      interrupted_ = AnyFuture::share(child);
    } else {
      failed_.push_back(AnyFuture::share(child));
    }
    if (!aborting_) {
      auto& task = static_cast<TaskState&>(child);
      CancelReasonRef reason(new CancelReason(CancelSource::task_group, "", where_, task.id(), task.name_given()));
      abort(reason);  // asyncio: the children first
      if (with_body_ && state_ == State::open) request_.make(reason);
    }
  }
  if (unfinished_ == 0 && all_done_.valid() && !all_done_.done()) all_done_.set_result();
}

void GroupState::keep_body_failure(const std::exception_ptr& failure) noexcept {
  body_failure_ = failure;
  if (failure) known_ = loop_->trail.keep(failure);
}

void GroupState::restore_body_failure() noexcept {
  body_failure_ = nullptr;
  loop_->trail.restore(std::move(known_));
}

// An interrupt outranks what the body failed with, or nobody is left who could raise it.
void GroupState::report_body(const std::exception_ptr& failure, const char* what_happened) noexcept {
  ErrorContext context;
  try {
    context.message = std::string("Unhandled exception in the body of a TaskGroup that was ") + what_happened;
    context.task = current_task();
  } catch (const std::bad_alloc&) {
  }
  loop_->report_failure(failure, FailureOrigin::task, context);
}

std::exception_ptr GroupState::result(const std::exception_ptr& body_failure, const std::exception_ptr& cancelled) {
  if (body_failure && is_interrupt(body_failure)) return body_failure;
  if (interrupted_) {
    if (body_failure && !is_cancellation(body_failure)) report_body(body_failure, "interrupted");
    return interrupted_.state().take_exception();
  }
  std::vector<std::exception_ptr> errors;
  errors.reserve(failed_.size() + 1);
  for (const AnyFuture& child : failed_) errors.push_back(child.state().merge_exception());
  if (body_failure && !is_cancellation(body_failure)) errors.push_back(body_failure);
  if (errors.empty()) return cancelled;
  std::exception_ptr failure =
      std::make_exception_ptr(ExceptionGroup("unhandled errors in a TaskGroup", std::move(errors)));
  if (body_failure) loop_->trail.pass_on_notes(body_failure, failure);
  return failure;
}

Coro<void> GroupState::finish(Ref<GroupState> group, std::exception_ptr body_failure) {
  GroupState& self = *group;
  self.state_ = State::joining;
  // A cancellation that leaves the body and is not the group's own goes on.
  std::exception_ptr cancelled;
  if (body_failure && is_cancellation(body_failure)) {
    bool own = self.request_.made() && !self.loop_->current_task->in_cancelled_region();
    cancelled = own ? self.request_.take_others(body_failure) : body_failure;
  }
  self.request_.settle_own();
  if (body_failure && !self.aborting_) {
    CancelReasonRef reason = reason_of(body_failure);
    self.abort(reason ? reason : make_reason(CancelSource::task_group, "", self.where_));
  }
  if (self.unfinished_ != 0) {
    self.keep_body_failure(body_failure);
    co_await self.wait_for_children(cancelled);
    self.restore_body_failure();
  }
  std::exception_ptr failure = self.result(body_failure, cancelled);
  if (cancelled && failure != cancelled && self.request_.others_asked())
    self.request_.redeliver_others(reason_of(cancelled));
  self.end();
  if (failure) co_await Fail(std::move(failure));
}

// Sets `cancelled` when the wait was cancelled. The children are told then, and the wait begins again: each request for
// the task interrupts it once, its region only the first time, since that would cancel every further wait at once.
Coro<void> GroupState::wait_for_children(std::exception_ptr& cancelled) {
  RegionState shield(true);
  bool shielded = false;
  while (unfinished_ != 0) {
    all_done_ = loop_->facade()->create_future<void>();
    Future<void> all_done = all_done_;
    Outcome<void> woken = co_await as_result(std::move(all_done));
    all_done_ = {};
    if (!woken.exception()) continue;
    cancelled = woken.exception();
    if (!aborting_) abort(reason_of(cancelled));
    TaskState& task = *loop_->current_task;
    if (shielded || !task.in_cancelled_region()) continue;
    shield.open(task);
    shielded = true;
  }
}

Coro<void> GroupState::join(Ref<GroupState> group) {
  EnteredGroup entered(*group, false);
  co_await pass(finish(group, nullptr));
}

void GroupState::end() noexcept {
  state_ = State::ended;
  request_.close();
  failed_.clear();  // reported, unless they were merged
  interrupted_ = {};
  region_ = nullptr;
}

void GroupState::abandon() noexcept {
  if (state_ == State::ended) return;
  try {
    if (unfinished_ != 0 && !aborting_) abort(make_reason(CancelSource::task_group, "the group was destroyed", where_));
  } catch (const std::bad_alloc&) {  // the children go on by themselves
  }
  std::exception_ptr failure = body_failure_;
  if (failure && !is_cancellation(failure)) {
    restore_body_failure();
    report_body(failure, "destroyed");
  }
  end();
}

}  // namespace heed::detail

#include "heed/flow/gather.hpp"

#include <algorithm>

#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/wait.hpp"

namespace heed::detail {

namespace {

bool is_interrupt(const std::exception_ptr& exception) {
  return find<KeyboardInterrupt>(exception) || find<SystemExit>(exception);
}

// Keeps the outer future alive as long as a child may still finish it.
class ChildDone final : public DoneCallback {
 public:
  ChildDone(const ContextRef& context, Gathering& gathering, FutureState& outer)
      : DoneCallback(context), gathering_(gathering), outer_(AnyFuture::share(outer)) {}

 private:
  void call(FutureState& child) override { gathering_.child_done(child); }
  std::string describe() const override { return "gather"; }
  Gathering& gathering_;
  AnyFuture outer_;
};

}  // namespace

Scheduler& gather_loop(const std::vector<AnyFuture>& children) {
  if (children.empty()) return scheduler_for_new_task();
  LoopCore& loop = children.front().state().loop();
  loop.check_open();
  for (const AnyFuture& child : children)
    if (&child.state().loop() != &loop) throw std::invalid_argument("gather: the futures belong to different loops");
  return loop;
}

Gathering::Gathering(FutureState& outer, std::vector<AnyFuture> children, GatherMode mode)
    : outer_(outer), children_(std::move(children)), mode_(mode) {}

Gathering::~Gathering() { leave_loop(); }

void Gathering::leave_loop() noexcept {
  if (std::exchange(in_loop_, false)) outer_.loop().remove_close_listener(*this);
}

// A child that nobody will ever finish holds the outer future by its callback, and is held by it.
void Gathering::loop_closing() noexcept {
  leave_loop();
  if (outer_.status() == FutureStatus::guarded_value) return;  // they are for whoever reads the result
  std::vector<AnyFuture> children = std::exchange(children_, {});
  for (const AnyFuture& child : children) child.state().drop_callbacks();
}

void Gathering::start() {
  if (children_.empty()) return finish_all();
  outer_.loop().add_close_listener(*this);
  in_loop_ = true;
  ContextRef context = copy_of_current_context();  // values are copied and destroyed in it; one for all children
  std::vector<AnyFuture> already_done;             // one of them may end others, or finish all of it
  for (const AnyFuture& child : children_) {
    if (child.done()) {
      already_done.push_back(child);
    } else {
      child.state().add_callback(new ChildDone(context, *this, outer_));
    }
  }
  for (const AnyFuture& child : already_done) child_done(child.state());
}

bool Gathering::cancel(const CancelReasonRef& reason) {
  LoopCore::CancelRound round(outer_.loop());
  if (std::exchange(cancel_round_, round.number()) == round.number())
    return passing_cancel_on_ || cancel_requested_;  // reached on another path as well
  if (cancelling_rest_) {                            // they know
    if (!std::exchange(cancel_requested_, true)) cancel_reason_ = reason;
    return true;
  }
  std::vector<AnyFuture> asked = children_;
  std::exception_ptr no_memory;  // for one child: the others are cancelled all the same
  passing_cancel_on_ = true;
  bool accepted = false;
  for (const AnyFuture& child : asked) try {
      accepted = child.state().cancel(reason) || accepted;
    } catch (const std::bad_alloc&) {
      no_memory = std::current_exception();
    }
  passing_cancel_on_ = false;
  if (accepted && !std::exchange(cancel_requested_, true)) cancel_reason_ = reason;  // the first one is delivered
  if (no_memory) std::rethrow_exception(no_memory);
  return accepted;
}

void Gathering::child_done(FutureState& child) noexcept {
  if (outer_.done()) return;  // what becomes of this one is up to its own handles
  ++finished_;
  if (!child.has_value()) {
    if (mode_ == GatherMode::first_failure) return finish_failed(child);
    if (mode_ == GatherMode::cancel_rest) cancel_others(child);
  }
  if (finished_ == children_.size()) finish_group();
}

void Gathering::cancel_others(FutureState& child) noexcept {
  try {
    const FailureRecord* failure = child.ended_cancelled() ? nullptr : child.failure();
    if (child.ended_cancelled()) {
      if (!cancelling_rest_) cancelled_ = AnyFuture::share(child);
    } else if (failure && is_interrupt(failure->exception()) && !interrupted_) {
      interrupted_ = AnyFuture::share(child);
    } else {
      failed_.push_back(AnyFuture::share(child));
    }
    if (std::exchange(cancelling_rest_, true) || cancel_requested_) return;
    const auto* by = child.is_task() ? &static_cast<const TaskState&>(child) : nullptr;
    CancelReasonRef reason(new CancelReason(CancelSource::gather, "", std::source_location(), by ? by->id() : 0,
                                            by ? by->name_given() : nullptr));
    std::vector<AnyFuture> asked = children_;
    for (const AnyFuture& other : asked) other.state().cancel(reason);
  } catch (const std::bad_alloc&) {  // the others end by themselves; the failure is reported
  }
}

// All children are done: the result, or what they failed with.
void Gathering::finish_group() noexcept {
  if (!cancelling_rest_) return finish_all();
  if (interrupted_) {
    outer_.finish_failed(interrupted_.state().take_exception());
  } else if (!failed_.empty()) {
    try {
      std::vector<std::exception_ptr> errors;
      errors.reserve(failed_.size());
      std::uint64_t first = failed_.front().state().failure() ? failed_.front().state().failure()->id : 0;
      failed_ = without_repeats(std::move(failed_));
      for (const AnyFuture& child : failed_) errors.push_back(child.state().merge_exception());
      outer_.finish_failed(std::make_exception_ptr(ExceptionGroup("unhandled errors in gather()", std::move(errors))));
      if (outer_.failure()) outer_.failure()->cause_id = first;
    } catch (const std::bad_alloc&) {
      outer_.finish_failed(std::current_exception());
    }
  } else if (cancel_requested_) {
    outer_.finish_cancelled(std::move(cancel_reason_));
  } else {
    outer_.finish_failed(cancelled_.state().peek_exception());
  }
  failed_.clear();
  interrupted_ = cancelled_ = {};
  children_.clear();
}

void Gathering::finish_failed(FutureState& child) noexcept {
  if (child.status() == FutureStatus::cancelled) {
    CancelReasonRef reason = child.cancel_reason();
    if (cancel_requested_) {
      outer_.finish_cancelled(std::move(reason));
    } else {
      outer_.finish_failed(std::make_exception_ptr(CancelledError(std::move(reason))));
    }
  } else {
    std::uint64_t cause = child.failure() ? child.failure()->id : 0;
    outer_.finish_failed(child.take_exception());
    if (outer_.failure()) outer_.failure()->cause_id = cause;
  }
  children_.clear();  // those that still run go on by themselves
}

void Gathering::finish_all() noexcept {
  if (cancel_requested_) {
    outer_.finish_cancelled(std::move(cancel_reason_));
    children_.clear();
    return;
  }
  try {
    finish_with_results();
  } catch (...) {  // a result's copy threw
    outer_.finish_failed(std::current_exception());
  }
  if (outer_.status() != FutureStatus::guarded_value) children_.clear();
}

// Whether there are failures in the result that count as lost until somebody reads it.
bool Gathering::any_to_be_read() const noexcept {
  return std::any_of(children_.begin(), children_.end(), [](const AnyFuture& child) {
    return child.valid() && (child.state().failure() || child.state().status() == FutureStatus::guarded_value);
  });
}

void Gathering::outcomes_delivered() noexcept {
  for (const AnyFuture& child : children_) {
    if (!child.valid()) continue;
    if (child.state().has_value()) {
      child.state().deliver_value();  // another gather's, with failures in it
    } else {
      child.state().take_exception();
    }
  }
  children_.clear();
}

}  // namespace heed::detail

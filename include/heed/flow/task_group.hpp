// Tasks that belong together.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/core/event_loop.hpp"
#include "heed/core/scheduler.hpp"
#include "heed/core/task.hpp"
#include "heed/flow/body.hpp"

namespace heed {

namespace detail {

class ChildCallback;

// What a group and the callbacks of its children share.
class GroupState : public LocalRefCounted {
 public:
  explicit GroupState(const std::source_location& where) noexcept : where_(where) {}

  // Throws std::runtime_error when the group takes no tasks (any more).
  Scheduler& check_open();
  RegionState* region() const noexcept { return region_; }
  void adopt(FutureState& child);
  std::size_t unfinished() const noexcept { return unfinished_; }

  // The running task enters the group to run its body, or to wait for its end.
  void enter(bool with_body);
  // The body ended with that; waits for the children, and fails with what the group ends with, if it fails.
  static Coro<void> finish(Ref<GroupState> group, std::exception_ptr body_failure);
  // The same without a body.
  static Coro<void> join(Ref<GroupState> group);
  // The coroutine that runs the body or waits is destroyed, or the object that nobody joined.
  void abandon() noexcept;
  void object_is_gone() noexcept {
    if (state_ != State::joining) abandon();
  }

  void cancel(const CancelReasonRef& reason);
  const std::source_location& where() const noexcept { return where_; }

 private:
  friend class ChildCallback;
  Coro<void> wait_for_children(std::exception_ptr& cancelled);
  enum class State : std::uint8_t { created, open, joining, ended };

  void child_done(FutureState& child);
  void abort(const CancelReasonRef& reason);
  void end() noexcept;
  void keep_body_failure(const std::exception_ptr& failure) noexcept;
  void restore_body_failure() noexcept;
  void report_body(const std::exception_ptr& failure, const char* what_happened) noexcept;
  std::exception_ptr result(const std::exception_ptr& body_failure, const std::exception_ptr& cancelled);

  std::source_location where_;
  State state_ = State::created;
  bool with_body_ = false;
  bool aborting_ = false;
  CancelReasonRef abort_reason_;
  std::size_t unfinished_ = 0;
  ChildCallback* first_ = nullptr;  // of the unfinished children, in order of creation
  ChildCallback* last_ = nullptr;
  std::vector<AnyFuture> failed_;    // in order of completion
  std::exception_ptr body_failure_;  // while it waits for the children, with all that is known about it
  Trail::Kept known_;
  AnyFuture interrupted_;  // the first child that ended with KeyboardInterrupt or SystemExit
  Future<void> all_done_;  // while it waits for the children
  LoopCore* loop_ = nullptr;
  RegionState* region_ = nullptr;
  ScopedRequest request_;
};

// The group is left however the coroutine that runs its body, or waits for its end, ends.
class EnteredGroup {
 public:
  EnteredGroup(GroupState& group, bool with_body) : group_(group) { group_.enter(with_body); }
  ~EnteredGroup() { group_.abandon(); }
  EnteredGroup(const EnteredGroup&) = delete;
  EnteredGroup& operator=(const EnteredGroup&) = delete;

 private:
  GroupState& group_;
};

// A callable and what it is called with, kept until its coroutine has ended.
template <class T, class F, class... Args>
Coro<T> call_and_keep_with(F function, Args... args) {
  co_return co_await pass(std::invoke(function, std::move(args)...));
}

}  // namespace detail

// Tasks that live no longer than a block: asyncio's TaskGroup. Nearly always by task_group(), see there. Misuse throws
// std::runtime_error in asyncio's words.
//
// The first child that fails with anything but CancelledError ends the group: the other children are cancelled, and the
// body too. When all have ended, everything that failed is raised as one ExceptionGroup, in order of completion, the
// body's exception last; what was only cancelled because of it is no failure. A KeyboardInterrupt or SystemExit is
// raised by itself; the other failures, the body's too, are then reported (asyncio drops them). A failure that waits for
// a child which refuses to end is reported provisionally after the loop's grace.
//
// As an object, for what is no block: create tasks, then `co_await group.join()` once. A failure then cancels the other
// children, but not the task that owns the object. A group that is destroyed without having been joined cancels its
// children and does not wait; what failed, or fails in the end, is reported. Its children belong to no CancelScope: that
// the owner is in one tells them only once it waits in join().
//
// Belongs to the thread of its loop.
class TaskGroup {
 public:
  explicit TaskGroup(std::source_location where = std::source_location::current())
      : state_(new detail::GroupState(where)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { state_->object_is_gone(); }

  // A child of the group. From the body, from children, from callbacks; also while the group waits for its end.
  // Throws std::runtime_error when the group is finished or shutting down; the coroutine is destroyed then.
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {},
                      std::source_location where = std::source_location::current()) {
    detail::Scheduler& loop = state_->check_open();
    Task<T> task = detail::make_task(loop, std::move(coro), std::move(options), where, state_->region());
    state_->adopt(task.state());
    return task;
  }
  template <detail::CoroutineFunction F>
  auto create_task(F function, TaskOptions options = {}, std::source_location where = std::source_location::current()) {
    detail::require_callable(function, "TaskGroup::create_task");
    return create_task(detail::call_and_keep<detail::CoroutineValue<F>>(std::move(function)), std::move(options),
                       where);
  }
  // The same for a function and its arguments, all kept by the group until the child has ended: captures and arguments
  // of a lambda coroutine cannot dangle.
  template <class F, class... Args>
  auto spawn(F function, Args... args) {
    using T = typename std::invoke_result_t<F&, Args...>::value_type;
    detail::require_callable(function, "TaskGroup::spawn");
    return create_task(detail::call_and_keep_with<T, F, Args...>(std::move(function), std::move(args)...), {},
                       state_->where());
  }

  // Ends the group early and quietly (Python 3.15): children and body are cancelled, and no exception comes out, unless
  // one of them fails. A body that has no value then to return raises its CancelledError. More than once, or after the
  // end: nothing happens.
  void cancel(std::string_view message = {}, std::source_location where = std::source_location::current()) {
    state_->cancel(detail::make_reason(CancelSource::task_group, message, where));
  }

  // How many children have not ended.
  std::size_t unfinished() const noexcept { return state_->unfinished(); }

  // Runs the body in this group: a coroutine, or a callable that is given the group or nothing. Once.
  template <detail::Body<TaskGroup> F>
  Coro<detail::BodyValue<F, TaskGroup>> run(F body);

  // Waits for all children, also those that are created meanwhile; raises as described. Once.
  // On cancel: the children are cancelled; CancelledError comes out when all have ended.
  Coro<void> join() { return detail::GroupState::join(state_); }

 private:
  Ref<detail::GroupState> state_;
};

namespace detail {
template <class F>
Coro<BodyValue<F, TaskGroup>> run_task_group(F body, std::source_location where) {
  TaskGroup group(where);
  co_return co_await pass(group.run(std::move(body)));
}
}  // namespace detail

// `co_await task_group([&](TaskGroup& group) -> Coro<> { group.create_task(...); ... })`: runs the body and waits for
// the children that it created; the body's value. No child outlives this await.
// On cancel: body and children are cancelled; CancelledError comes out when all have ended, or an ExceptionGroup when one
// of them fails meanwhile: then the cancellation is delivered again at the next await (Python 3.13).
template <detail::Body<TaskGroup> F>
auto task_group(F body, std::source_location where = std::source_location::current()) {
  return detail::run_task_group(std::move(body), where);
}

template <detail::Body<TaskGroup> F>
Coro<detail::BodyValue<F, TaskGroup>> TaskGroup::run(F body) {
  Ref<detail::GroupState> state = state_;
  detail::EnteredGroup entered(*state, true);
  auto outcome = co_await as_result(detail::start_body(body, *this));
  co_await pass(detail::GroupState::finish(state, outcome.exception()));
  if constexpr (!std::is_void_v<detail::BodyValue<F, TaskGroup>>) {
    if (outcome.exception()) co_await detail::Fail(outcome.exception());  // cut short by cancel(): there is no value
    co_return std::move(outcome).value();
  }
}

}  // namespace heed

// What the steps that wait for a lock, a queue and so on have in common.
#pragma once

#include <optional>
#include <utility>

#include "heed/core/leaf.hpp"
#include "stress/guards.hpp"
#include "stress/sync_pool.hpp"
#include "stress/world.hpp"

namespace heed::stress {

// An awaitable of the library that tells whether it suspended.
template <class W>
class Observed {
 public:
  using value_type = typename W::value_type;
  Observed(W&& wait, bool& suspended) : wait_(std::move(wait)), suspended_(&suspended) {}
  bool await_ready() { return wait_.await_ready(); }
  template <detail::CoroutinePromise P>
  bool await_suspend(std::coroutine_handle<P> awaiter, std::source_location site = std::source_location::current()) {
    return *suspended_ = wait_.await_suspend(awaiter, site);
  }
  value_type await_resume() { return wait_.await_resume(); }
  std::exception_ptr take_failure() { return wait_.take_failure(); }
  value_type take_value() { return wait_.take_value(); }

 private:
  W wait_;
  bool* suspended_;
};

template <class W>
Coro<typename W::value_type> awaited(W wait, Style style, bool& suspended) {
  Observed<W> observed(std::move(wait), suspended);
  if (style == Style::outcome) {
    auto outcome = co_await as_result(std::move(observed));
    if (outcome.exception()) std::rethrow_exception(outcome.exception());
    if constexpr (!std::is_void_v<typename W::value_type>) co_return std::move(outcome).value();
  } else if (style == Style::pass) {
    co_return co_await pass(std::move(observed));
  } else {
    co_return co_await std::move(observed);
  }
}

// A frame that waits in a line.
class InLine {
 public:
  // `idles`: a request for the task's cancellation ends the wait at once.
  InLine(World& world, FrameId frame, WaitLine& line, bool idles = true)
      : world_(world), frame_(frame), line_(line), is_first_(line.empty()) {
    wait.frame = frame;
    wait.task = current_task().id();
    doomed_ = world.scopes.in_cancelled_region(wait.task);
    owed_ = world.scopes.must_be_told(wait.task);
    world.oracle.frame_waits(frame, Source::turn());
    line.enter(wait);
    if (idles) waiting_.emplace(world.schedule, Schedule::Wait{frame, nullptr, nobody, nullptr, 0, true, wait.task});
  }
  InLine(const InLine&) = delete;
  InLine& operator=(const InLine&) = delete;
  ~InLine() {
    line_.leave(wait);
    if (wait.moved) line_.mix_up();
  }

  // Nobody waited before it.
  bool is_first() const noexcept { return is_first_; }
  // The wait ended without an exception.
  void came() {
    if (wait.refused) line_.violation("a task was refused what it waited for, and got it");
    over();
    if (wait.suspended) coverage.count(Happened::sync_waited);
    if (wait.suspended &&
        ((doomed_ && world_.scopes.in_cancelled_region(wait.task)) || (owed_ && world_.scopes.must_be_told(wait.task))))
      line_.violation("a task that was to be cancelled goes on");
    world_.resumed(frame_);
  }
  // It ended with one. True: with that of a cancellation.
  bool failed(const std::exception_ptr& exception) {
    Thrown thrown = identify(exception);
    over();
    if (!thrown.cancellation) {
      if (thrown.known()) line_.violation("a wait ended with an exception that was thrown elsewhere");
      world_.resumed(frame_);
      return false;
    }
    coverage.count(Happened::sync_cancelled);
    world_.not_resumed();
    world_.cancelled_while_idle();
    world_.oracle.caught(Source::turn(), thrown);
    world_.oracle.frame_waits(frame_, Source());
    return true;
  }

  SyncWait wait;

 private:
  void over() { waiting_.reset(); }
  World& world_;
  FrameId frame_;
  WaitLine& line_;
  bool is_first_;
  bool doomed_ = false, owed_ = false;
  std::optional<Waiting> waiting_;
};

// The frame does not handle what its wait ended with: it throws that, under a number of its own if the library made it.
[[noreturn]] inline void let_through(World& world, FrameId frame, std::exception_ptr exception) {
  Thrown thrown = identify(exception);
  if (!thrown.known()) {
    thrown = Thrown{world.oracle.new_error(ErrorKind::system), false};
    adopt(exception, thrown.id);
  }
  world.oracle.frame_throws(frame, thrown);
  std::rethrow_exception(std::move(exception));
}
// Depending on the step it is swallowed.
inline void end_failed(World& world, FrameId frame, const Step& planned, std::exception_ptr exception) {
  bool swallows = identify(exception).cancellation ? planned.style == Style::outcome : planned.style != Style::rvalue;
  if (!swallows) let_through(world, frame, std::move(exception));
}

template <class E>
bool is_a(const std::exception_ptr& exception) {
  return find<E>(exception) != nullptr;
}

}  // namespace heed::stress

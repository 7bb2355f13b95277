// The part of a loop that every step, await and wake-up uses. Kept apart so that coroutines compile against little.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "heed/core/context.hpp"
#include "heed/core/promise.hpp"
#include "heed/core/runnable.hpp"
#include "heed/failure/cancel_reason.hpp"
#include "heed/failure/record.hpp"
#include "heed/failure/rethrow.hpp"

namespace heed::detail {

class LoopCore;
class TaskState;

// What is known about the exceptions that are on their way through the frames of the running task: the await chain, the
// failure it was delivered as, the notes. The chain is noted where the exception leaves the first coroutine, since every
// frame above still knows then where it waits. Holds the exceptions, so that an address cannot stand for another one,
// until the end of the step, to which the loop attends.
class Trail {
  static constexpr std::size_t capacity = 64;
  struct Entry {
    std::exception_ptr exception;
    std::uint64_t cause_id = 0;
    std::size_t length = 0;  // of the whole chain; the first and the last half of `capacity` are kept
    std::vector<std::string> notes;
    std::source_location sites[capacity];

    bool tells_anything() const noexcept { return exception && (length != 0 || cause_id != 0 || !notes.empty()); }
    void clear() noexcept {
      exception = nullptr;
      if (!notes.empty()) notes.clear();
    }
  };

 public:
  bool active() const noexcept { return now_.exception != nullptr; }
  // Whether anything is known about the exception; makes it the one that cause_id(), notes() and chain() tell about.
  bool follows(const std::exception_ptr& exception) noexcept {
    return exception && (now_.exception == exception || (others_ && recall(exception)));
  }
  // `cause_id`: the failure that was delivered to `innermost`, when this is one.
  void begin(const std::exception_ptr& exception, const PromiseBase& innermost, std::uint64_t cause_id = 0) noexcept;
  // The failure was handed to code that has no await for it: result(), an Outcome.
  void delivered(const std::exception_ptr& exception, std::uint64_t failure_id) noexcept {
    if (!follows(exception)) follow(exception);
    now_.cause_id = failure_id;
    now_.length = 0;
  }
  // The exception leaves the body of `frame`.
  void left(const std::exception_ptr& exception, const PromiseBase& frame) noexcept {
    if (!follows(exception)) {
      begin(exception, frame);
    } else if (now_.length == 0) {
      begin(exception, frame, now_.cause_id);
    }
  }
  // Code turned the exception into another one: what is known about it goes over.
  void turned_into(const std::exception_ptr& exception, const std::exception_ptr& other) noexcept {
    if (follows(exception)) now_.exception = other;
  }
  // It is about to be raised in a coroutine: for rethrow(). Held here, it is nothing that the coroutine would have to
  // destroy, which costs each of its steps six instructions, whether anything is raised or not.
  const std::exception_ptr& hold(const std::exception_ptr& exception) noexcept {
    if (!follows(exception)) delivered(exception, 0);
    return now_.exception;
  }
  void clear() noexcept;
  void add_note(const std::exception_ptr& exception, std::string note);
  // `other` was made with `exception` in it: the notes, and the cause, are told of it as well.
  void pass_on_notes(const std::exception_ptr& exception, const std::exception_ptr& other) noexcept;
  // It was raised because of that failure, unless another one is known to be its cause.
  void set_cause(const std::exception_ptr& exception, std::uint64_t failure_id) noexcept;

  // What is known about an exception that is kept while the task is suspended.
  class Kept {
    friend class Trail;
    std::unique_ptr<Entry> entry_;
  };
  Kept keep(const std::exception_ptr& exception) noexcept;
  // The exception goes on.
  void restore(Kept kept) noexcept;

  const std::vector<std::string>& notes() const noexcept { return now_.notes; }

  std::uint64_t cause_id() const noexcept { return now_.cause_id; }
  AwaitChain chain() const;

 private:
  // A step that deals with several exceptions at once: a destructor reads a failure while another one unwinds, one
  // waits in an Outcome while the next is handled.
  struct Others {
    Entry entries[4];
    std::size_t oldest = 0;
  };
  // Puts the present one aside and begins anew.
  void follow(const std::exception_ptr& exception) noexcept;
  bool recall(const std::exception_ptr& exception) noexcept;

  Entry now_;
  std::unique_ptr<Others> others_;
};

// The frames from `innermost` to the one that `end` continues, where each of them waits.
AwaitChain await_chain_from(const PromiseBase& innermost, const void* end);

// The unfinished tasks of a loop, in order of creation. A ring: whoever joins or leaves need not ask who is at the ends.
class TaskList {
 public:
  struct Link {
    Link* next_task;
    Link* previous_task;
  };
  TaskList() noexcept = default;
  TaskList(const TaskList&) = delete;
  TaskList& operator=(const TaskList&) = delete;

  bool empty() const noexcept { return ring_.next_task == &ring_; }
  // Null when there is none. In task_state.hpp.
  TaskState* first() const noexcept;
  TaskState* last() const noexcept;
  TaskState* after(const Link& task) const noexcept;

  void add(Link& task) noexcept {
    Link* last = ring_.previous_task;
    task.next_task = &ring_;
    task.previous_task = last;
    last->next_task = &task;
    ring_.previous_task = &task;
  }
  static void remove(Link& task) noexcept {
    task.previous_task->next_task = task.next_task;
    task.next_task->previous_task = task.previous_task;
  }

 private:
  TaskState* task_at(Link* link) const noexcept;
  Link ring_{&ring_, &ring_};
};

// Of the step that runs: the frame that continued at a leaf await, then each that finishes. One word, since it is stored
// in each step.
class FrameOfStep {
 public:
  void set_continued(PromiseBase& frame) noexcept { word_ = reinterpret_cast<std::uintptr_t>(&frame); }
  void set_finished(PromiseBase& frame) noexcept { word_ = reinterpret_cast<std::uintptr_t>(&frame) + finished; }
  bool any_finished() const noexcept { return word_ & finished; }
  PromiseBase& last() const noexcept { return *reinterpret_cast<PromiseBase*>(word_ & ~finished); }

 private:
  static constexpr std::uintptr_t finished = 1;
  std::uintptr_t word_ = 0;
};

class Scheduler {
 public:
  Scheduler() noexcept;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Kept alive by the facade, futures and handles, all on one thread.
  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) [[unlikely]]
      destroy();
  }

  ReadyQueue ready;
  // A new task or callback needs more than to be queued: the loop is closed or in debug mode, or there is a task factory.
  bool careful_start = false;
  // Something is to be done before the next callback: an exception's trail ends, an interrupt is on its way, or it is
  // debug mode, in which that is always so.
  bool attention = false;
  TaskState* current_task = nullptr;    // between two tasks: the former
  ContextRef* outer_context = nullptr;  // while it runs: the context that it was started in
  FrameOfStep step_frame;
  bool deliver_cancel = false;    // the frame that is resumed gets a CancelledError
  CancelReasonRef cancel_reason;  // and this is why
  Trail trail;
  TaskList tasks;

  // Continues `next`. Symmetric transfer is no tail call in every build (g++ below -O2, sanitizers): when the stack
  // gets short, the transfer bounces through the step instead. Costs seven instructions.
  std::coroutine_handle<> transfer(std::coroutine_handle<> next) noexcept {
    if (stack_pointer() < stack_limit_) [[unlikely]] {
      bounced_ = next;
      return std::noop_coroutine();
    }
    return next;
  }

  // Control came back: was that a transfer that bounced? Then it is made, with all that follow.
  bool resume_bounced() {
    if (!bounced_) [[likely]]
      return false;
    do std::exchange(bounced_, nullptr).resume();
    while (bounced_);
    return true;
  }

  // The frame address that stands for the end of a task: what the root of every task continues.
  void* root_continuation() noexcept { return &root_frame_; }
  // The root of the running task has reached its end, since this was last asked; it is `completed`.
  bool take_root_finished() noexcept { return std::exchange(root_frame_.resumed, false); }

  inline LoopCore& core() noexcept;  // in loop_core.hpp

 protected:
  ~Scheduler() = default;
  void measure_stack() noexcept;

 private:
  void destroy() noexcept;

  struct RootFrame {  // begins as std::coroutine_handle::resume() wants a frame to (the ABI of g++ and clang)
    void (*resume)(void*);
    void (*destroy)(void*);
    bool resumed;
  };
  [[gnu::always_inline]] static std::uintptr_t stack_pointer() noexcept {
    std::uintptr_t pointer;
#if defined(__x86_64__)
    asm volatile("mov %%rsp, %0" : "=r"(pointer));
#elif defined(__aarch64__)
    asm volatile("mov %0, sp" : "=r"(pointer));
#else
    pointer = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#endif
    return pointer;
  }

  std::uint32_t references_ = 1;
  std::uintptr_t stack_limit_ = 0;
  std::coroutine_handle<> bounced_;
  RootFrame root_frame_;
};

// The loop that runs on this thread, null when none does.
extern constinit thread_local Scheduler* running_scheduler;

// Where control goes when `finished` has reached its end.
std::coroutine_handle<> continue_after_failure(PromiseBase& finished) noexcept;
[[gnu::always_inline]] inline std::coroutine_handle<> continue_after(PromiseBase& finished) noexcept {
  if (finished.status_ != FrameStatus::value) [[unlikely]]
    return continue_after_failure(finished);
  Scheduler& scheduler = *running_scheduler;
  scheduler.step_frame.set_finished(finished);
  return scheduler.transfer(std::coroutine_handle<>::from_address(finished.continuation_));
}

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  template <class P>
  [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> finished) const noexcept {
    return continue_after(finished.promise());
  }
  void await_resume() const noexcept {}
};

// For every await_resume of a leaf: throws the CancelledError that the step has for the frame.
inline CancelReasonRef take_cancel_reason(Scheduler& scheduler) noexcept {
  scheduler.deliver_cancel = false;
  return std::move(scheduler.cancel_reason);
}
std::exception_ptr take_cancelled(Scheduler& scheduler);
const std::exception_ptr& hold_cancelled(Scheduler& scheduler);
[[gnu::always_inline]] inline void check_cancelled() {
  if (running_scheduler->deliver_cancel) [[unlikely]]
    rethrow(hold_cancelled(*running_scheduler));
}
// The same without a throw; null when there is none.
inline std::exception_ptr take_pending_cancel() {
  return running_scheduler->deliver_cancel ? take_cancelled(*running_scheduler) : nullptr;
}

}  // namespace heed::detail

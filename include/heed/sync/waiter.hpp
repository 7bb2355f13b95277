// What the primitives of this floor are made of: tasks that wait, in order, until they are given something.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "heed/core/leaf.hpp"
#include "heed/core/waitable.hpp"
#include "heed/failure/rethrow.hpp"

namespace heed {
class Condition;
}

namespace heed::detail {

class ConditionWaiter;
class Waiter;

// A line of tasks: those who were granted what they waited for but did not continue yet (a grant can still be given
// back), then those who wait, in order of arrival. The awaiters live in their coroutine frames.
class WaitQueue {
 public:
  // `owner` names the primitive in errors and must not go away: "Lock".
  explicit WaitQueue(const char* owner) noexcept : owner_(owner) {}
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  // Whoever is still in it gets an InvalidStateError.
  ~WaitQueue() {
    if (!idle()) [[unlikely]]
      fail_all(owner_);
  }

  // Nobody waits, and nobody has a grant.
  bool idle() const noexcept { return line_.empty(); }
  bool anyone_waits() const noexcept { return first_waiting_ != nullptr; }
  bool anyone_granted() const noexcept { return line_.first() != first_waiting_; }
  const char* owner() const noexcept { return owner_; }

  // Of those who wait. Not of an empty queue.
  Waiter& first() const noexcept;
  // The first one is granted, and its task continues in the next iteration. False when nobody waits.
  bool grant_next() noexcept;
  // It has what it waited for, or is refused it: its task continues, and nothing ties it to this any more.
  void release(Waiter& waiter) noexcept;
  void refuse(Waiter& waiter) noexcept;
  void release_all() noexcept;
  void refuse_all() noexcept;  // those who were granted as well
  // The same with an error: `gone` was destroyed.
  void fail_all(const char* gone) noexcept;

  // For each that waits or was granted.
  template <class F>
  void for_each(F function) noexcept;

 private:
  friend class Waiter;
  friend class ConditionWaiter;
  friend class QueueBase;
  friend class heed::Condition;
  bool bind(Scheduler& loop) noexcept {
    if (!loop_) loop_ = &loop;
    return loop_ == &loop;
  }

  void join(Waiter& waiter) noexcept;    // who waits, as the last one
  void grant(Waiter& waiter) noexcept;   // who waits: from now on before those who do
  void remove(Waiter& waiter) noexcept;  // who waits or was granted

  RunnableList line_;
  Runnable* first_waiting_ = nullptr;
  Scheduler* loop_ = nullptr;  // that of the first one who had to wait, and so of all
  const char* owner_;
};

// A task that waits in a WaitQueue.
class Waiter : public Waitable {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  std::exception_ptr take_failure() { return state_ == State::idle ? nullptr : end_wait(); }
  // The same, for rethrow(): see Trail::hold().
  const std::exception_ptr* hold_failure();
  // The await ends, as most do: it was granted what it waited for. False: take_failure() knows.
  bool end_granted() noexcept {
    if (state_ != State::granted || error_ || running_scheduler->deliver_cancel) [[unlikely]]
      return false;
    state_ = State::idle;
    queue_->remove(*this);
    return true;
  }
  // The next begin() fails with this.
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  // A grant is taken, before the value: the task continues.
  virtual void accept() noexcept {}
  // False when it fails at once.
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
    awaiter.site_ = site;
    return begin(awaiter, *running_scheduler);
  }

  CancelEffect cancel_wait(const CancelReasonRef& reason) override;
  std::exception_ptr failure_for_awaiter(PromiseBase&) final { return take_failure(); }
  void forget(TaskState& task) noexcept override;
  void run(LoopCore&) override {}  // its task is what gets ready

 protected:
  enum class State : std::uint8_t {
    idle,       // not begun, or over
    waiting,    // in the queue
    granted,    // it is its turn; the queue still knows it
    released,   // it has what it waited for, or an error
    refused,    // it will not get it
    cancelled,  // a cancellation took it out of the queue
  };

  explicit Waiter(WaitQueue& queue) noexcept : queue_(&queue) {}
  ~Waiter() {
    if (state_ == State::waiting || state_ == State::granted) [[unlikely]]
      leave_line();
  }

  // It goes without: it was granted, or still waited.
  virtual void leave(bool granted) noexcept;
  // What the await of one that was refused throws; null when that is no error.
  virtual std::exception_ptr refusal() { return nullptr; }
  // What it waits on was destroyed.
  virtual void lose(const void* primitive) noexcept;
  // The await of one that began ends: null when it has what it waited for.
  virtual std::exception_ptr end_wait();

  void wait_in_line() noexcept {
    state_ = State::waiting;
    queue_->join(*this);
  }
  void be_granted() noexcept { queue_->grant(*this); }
  void leave_line() noexcept;
  void wake(Scheduler& loop) noexcept;

  bool begin(PromiseBase& awaiter, Scheduler& scheduler) noexcept;
  bool begin_cancelled() noexcept;
  bool fail_at_once() noexcept;
  std::exception_ptr failure_of_wait(State was);

  friend class WaitQueue;
  friend class heed::Condition;
  State state_ = State::idle;
  WaitQueue* queue_;           // null: it is gone
  TaskState* task_ = nullptr;  // valid while it waits or is granted
  std::exception_ptr error_;
};

// For waiters that are in the ready queue in place of their tasks: run() decides whether the task continues. A base, so
// that the waiter is found without a look at memory.
class Turn : public Runnable {
 protected:
  Turn() noexcept = default;
  ~Turn() = default;
  void enqueue(Scheduler& loop) noexcept {
    queued_ = true;
    loop.ready.push(*this);
  }
  void leave_queue() noexcept { queued_ = false; }  // it runs
  // Takes it out of the ready queue of this task's loop. False when it is not there.
  bool withdraw(TaskState* task) noexcept { return queued_ && withdraw_from_loop_of(*task); }

 private:
  bool withdraw_from_loop_of(TaskState& task) noexcept;
  bool queued_ = false;
};

inline Waiter& WaitQueue::first() const noexcept { return static_cast<Waiter&>(*first_waiting_); }

inline void WaitQueue::join(Waiter& waiter) noexcept {
  line_.push_back(waiter);
  if (!first_waiting_) first_waiting_ = &waiter;
}

inline void WaitQueue::grant(Waiter& waiter) noexcept {
  if (&waiter == first_waiting_) {
    first_waiting_ = waiter.next;
  } else {
    line_.remove(waiter);
    line_.insert_before(*first_waiting_, waiter);
  }
  waiter.state_ = Waiter::State::granted;
}

inline void WaitQueue::remove(Waiter& waiter) noexcept {
  if (&waiter == first_waiting_) first_waiting_ = waiter.next;
  line_.remove(waiter);
}

template <class F>
void WaitQueue::for_each(F function) noexcept {
  for (Runnable* waiter = line_.first(); waiter; waiter = waiter->next) function(static_cast<Waiter&>(*waiter));
}

// "Lock was destroyed while a task waited for it".
std::exception_ptr destroyed_error(const char* primitive) noexcept;
std::exception_ptr foreign_loop_error(const char* primitive) noexcept;

// The awaitable made of an operation: try_now() is whether it need not wait, take_value() what it gives. An
// Operation::Waiter, which is made with it, waits; there is none as long as it need not wait, which is what makes a lock
// that is free cheap. What try_now() throws is what the await throws.
template <class Operation>
class [[nodiscard]] WaitOf final {
  using W = typename Operation::Waiter;

 public:
  using value_type = typename Operation::value_type;

  template <class... A>
  explicit WaitOf(std::in_place_t, A&&... arguments) : operation_(std::forward<A>(arguments)...) {}
  // Before it is awaited.
  WaitOf(WaitOf&& other) noexcept(std::is_nothrow_move_constructible_v<Operation>)
      : operation_(std::move(other.operation_)) {}
  WaitOf& operator=(WaitOf&&) = delete;
  ~WaitOf() {
    if (waits_) std::destroy_at(&waiter_);
  }

  [[gnu::always_inline]] bool await_ready() noexcept {
    try {
      return operation_.try_now();
    } catch (...) {
      (waits_ ? waiter_ : make_waiter()).fail(std::current_exception());
      return false;
    }
  }
  template <CoroutinePromise P>
  bool await_suspend(std::coroutine_handle<P> awaiter,
                     std::source_location site = std::source_location::current()) noexcept {
    if (!waits_) [[likely]]
      make_waiter();
    return waiter_.begin(awaiter.promise(), site);
  }
  [[gnu::always_inline]] value_type await_resume() {
    if (waits_) {
      if (waiter_.end_granted()) [[likely]] {
        waiter_.accept();
        waits_ = false;  // nothing of it is left that a destructor would have to see
      } else if (const std::exception_ptr* failure = waiter_.hold_failure()) [[unlikely]] {
        rethrow(*failure);
      }
    }
    return operation_.take_value();
  }
  std::exception_ptr take_failure() { return waits_ ? waiter_.take_failure() : nullptr; }
  value_type take_value() { return operation_.take_value(); }

 private:
  W& make_waiter() noexcept {
    waits_ = true;
    return *std::construct_at(&waiter_, operation_);
  }

  Operation operation_;
  bool waits_ = false;  // or did
  union {
    W waiter_;
  };
};

}  // namespace heed::detail

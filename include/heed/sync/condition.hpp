// Waiting, without the lock, until somebody says that something changed.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "heed/sync/lock.hpp"

namespace heed {

class Condition;

namespace detail {

class ConditionWaiter;

class ConditionWait {
 public:
  using value_type = void;
  using Waiter = ConditionWaiter;
  explicit ConditionWait(Condition& condition) noexcept : condition_(&condition) {}
  Condition& condition() const noexcept { return *condition_; }
  bool try_now() const noexcept { return false; }
  void take_value() const noexcept {}

 private:
  Condition* condition_;
};

// First in the condition's queue. Once notified or cancelled it waits for its turn of the loop, then for the lock: in
// the lock's queue, as one of those who want to acquire it.
class ConditionWaiter final : public Waiter, private Turn {
 public:
  explicit ConditionWaiter(ConditionWait& operation) noexcept;
  ~ConditionWaiter() { withdraw(task_); }
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;
  bool end_granted() const noexcept { return false; }  // end_wait() has more to do

  CancelEffect cancel_wait(const CancelReasonRef& reason) final;
  bool ended_cancelled() const noexcept final { return cancelled_ && !error_; }
  void forget(TaskState& task) noexcept final;

 private:
  friend class heed::Condition;

  void start_turn() noexcept;      // between the notification and the lock
  void run(LoopCore& loop) final;  // its turn
  void reacquire() noexcept;
  void pass_notification_on() noexcept;
  void lose(const void* primitive) noexcept final;
  std::exception_ptr end_wait() final;
  std::string describe_wait() const final { return lock_ ? "Condition" : "Condition (its lock)"; }

  Condition* condition_;  // null: it is gone
  Lock* lock_ = nullptr;  // while it waits for its turn or the lock
  struct Remembered : LockHolder {
    Remembered() noexcept : LockHolder(true) {}
  } held_by_;  // who had the lock before
  CancelReasonRef reason_;
  bool notified_ = false;
  bool cancelled_ = false;
};

}  // namespace detail

// asyncio's Condition: a Lock, its own or a given one, and those who wait for a change of what the lock protects.
//
//   auto guard = co_await condition.scoped();
//   co_await condition.wait_for([&] { return !jobs.empty(); });
//
// Destroyed while tasks wait, they get InvalidStateError, with the lock if that was a given one. The guard of a task
// that waits holds nothing meanwhile and may be moved; if it is destroyed, the wait ends with a lock that is to be
// released by hand. A given lock that is destroyed first takes the waiting tasks with it, in the same way; using the
// condition then throws InvalidStateError.
class Condition {
 public:
  Condition() noexcept : Condition(own_lock_) {}
  explicit Condition(Lock& lock) noexcept;
  ~Condition();
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  auto acquire() { return lock().acquire(); }
  auto scoped() { return lock().scoped(); }
  void release() { lock().release(); }
  bool locked() const { return lock().locked(); }
  Lock& lock() const;

  // Releases the lock, waits until it is notified, and acquires the lock again. May wake up without a reason: use
  // wait_for(). Throws std::runtime_error "cannot wait on un-acquired lock".
  // On cancel: acquires the lock first, however long that takes; more requests meanwhile are one CancelledError, of the
  // last one. A notification that it had got goes to the next in line.
  detail::WaitOf<detail::ConditionWait> wait() noexcept {
    return detail::WaitOf<detail::ConditionWait>(std::in_place, *this);
  }
  // Until predicate() is true, which is asked with the lock held, before each wait; gives what it returned. What it
  // throws comes out, with the lock held.
  template <std::invocable Predicate>
  Coro<std::decay_t<std::invoke_result_t<Predicate&>>> wait_for(Predicate predicate);
  // The same, as std::condition_variable calls it.
  template <std::invocable Predicate>
  auto wait(Predicate predicate) {
    return wait_for(std::move(predicate));
  }

  // Wakes the first `count` who wait, or all. They continue one after the other, as they get the lock.
  // Throws std::runtime_error "cannot notify on un-acquired lock".
  void notify(std::size_t count = 1);
  void notify_all() { notify(static_cast<std::size_t>(-1)); }

 private:
  friend class Lock;
  friend class detail::ConditionWaiter;
  void wake(std::size_t count) noexcept;
  void lose_lock() noexcept;

  Lock own_lock_{"Condition"};
  Lock* lock_;                 // null: it was destroyed
  Condition* next_ = nullptr;  // others with the same lock
  Condition* previous_ = nullptr;
  detail::WaitQueue waiters_{"Condition"};
};

inline detail::ConditionWaiter::ConditionWaiter(ConditionWait& operation) noexcept
    : Waiter(operation.condition().waiters_), condition_(&operation.condition()) {}

template <std::invocable Predicate>
Coro<std::decay_t<std::invoke_result_t<Predicate&>>> Condition::wait_for(Predicate predicate) {
  for (;;) {
    auto result = predicate();
    if (result) co_return std::move(result);
    co_await pass(wait());
  }
}

}  // namespace heed

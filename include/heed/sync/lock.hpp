// Mutual exclusion between tasks.
#pragma once

#include <cstdint>
#include <string>

#include "heed/sync/guard.hpp"
#include "heed/sync/waiter.hpp"

namespace heed {

class Condition;
class Lock;

namespace detail {

class ConditionWaiter;

class LockWaiter : public Waiter {
 public:
  bool try_now() noexcept;

 protected:
  explicit LockWaiter(Lock& lock) noexcept;
  LockWaiter(LockWaiter&&) noexcept = default;
  ~LockWaiter() = default;
  Lock& lock() const noexcept { return *lock_; }
  void accept() noexcept final;

 private:
  void leave(bool granted) noexcept final;
  std::string describe_wait() const final { return "Lock"; }
  Lock* lock_;
};

class LockAcquire : public LockWaiter {
 public:
  using value_type = void;
  explicit LockAcquire(Lock& lock) noexcept : LockWaiter(lock) {}
  void take_value() const noexcept {}

 protected:
  LockAcquire(LockAcquire&&) noexcept = default;
  ~LockAcquire() = default;
};

class LockScoped : public LockWaiter {
 public:
  using value_type = Guard<Lock>;
  explicit LockScoped(Lock& lock) noexcept : LockWaiter(lock) {}
  Guard<Lock> take_value() const noexcept;

 protected:
  LockScoped(LockScoped&&) noexcept = default;
  ~LockScoped() = default;
};

}  // namespace detail

using LockGuard = Guard<Lock>;

// asyncio's Lock: one holder at a time, first come first served. Not reentrant, and owned by nobody: another task may
// release it. A task that asks for a lock just released queues behind the one that was woken for it.
//
//   auto guard = co_await lock.scoped();   // released at the end of the scope
//
// An acquire of a free lock does not suspend. Belongs to the loop of the first task that had to wait for it; waiting in
// another one throws std::runtime_error. Destroyed while tasks wait, they get InvalidStateError; a guard then holds
// nothing.
class Lock {
 public:
  Lock() noexcept : Lock("Lock") {}
  ~Lock() {
    if (conditions_) lose_conditions();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // Until release().
  // On cancel: the lock is not held. One that was handed over already goes to the next in line.
  detail::WaitOf<detail::LockAcquire> acquire() noexcept { return detail::WaitOf<detail::LockAcquire>(*this); }
  // The same, held by the LockGuard that the await gives.
  detail::WaitOf<detail::LockScoped> scoped() noexcept { return detail::WaitOf<detail::LockScoped>(*this); }
  // Only if it is free and nobody is before.
  bool try_acquire() noexcept {
    if (locked_ || !waiters_.idle()) return false;
    locked_ = true;
    return true;
  }

  // Throws std::runtime_error "Lock is not acquired.".
  void release() {
    if (!locked_) [[unlikely]]
      throw_not_acquired();
    hand_on();
  }
  bool locked() const noexcept { return locked_; }

  // --- for guards -----------------------------------------------------------------------------------------------------
  using Held = std::uint64_t;  // which acquisition; 0: one by hand
  bool holds(Held held) const noexcept { return locked_ && held_ == held; }
  void release_held(Held held) {
    if (!holds(held)) throw_not_acquired();
    hand_on();
  }
  detail::GuardList<Lock>& guards() noexcept { return guards_; }

 private:
  friend class Condition;
  friend class detail::LockWaiter;
  friend class detail::LockScoped;
  friend class detail::ConditionWaiter;

  explicit Lock(const char* name) noexcept : waiters_(name) {}
  Guard<Lock> make_guard() noexcept {
    held_ = ++last_held_;
    return Guard<Lock>(*this, held_);
  }
  void hand_on() noexcept {
    locked_ = false;
    held_ = 0;
    if (waiters_.anyone_waits()) waiters_.grant_next();
  }
  [[noreturn]] static void throw_not_acquired();
  void lose_conditions() noexcept;

  bool locked_ = false;
  Held held_ = 0;
  Held last_held_ = 0;
  Condition* conditions_ = nullptr;  // those made for this lock
  detail::WaitQueue waiters_;
  detail::GuardList<Lock> guards_;
};

namespace detail {

inline LockWaiter::LockWaiter(Lock& lock) noexcept : Waiter(lock.waiters_), lock_(&lock) {}
inline bool LockWaiter::try_now() noexcept { return lock_->try_acquire(); }
inline void LockWaiter::accept() noexcept { lock_->locked_ = true; }
inline Guard<Lock> LockScoped::take_value() const noexcept { return lock().make_guard(); }

}  // namespace detail

}  // namespace heed

// Mutual exclusion between tasks.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "heed/sync/guard.hpp"
#include "heed/sync/waiter.hpp"

namespace heed {

class Condition;
class Lock;

namespace detail {

class ConditionWaiter;
class LockTie;

// Who has a lock: nobody, somebody without a guard, or a guard. Also what a wait for a condition remembers of who had the
// lock that it gave away for a while.
class LockHolder {
 public:
  LockHolder(const LockHolder&) = delete;
  LockHolder& operator=(const LockHolder&) = delete;
  ~LockHolder() { forget_guard(); }

  bool nobody() const noexcept { return who_ == none; }
  void set_nobody() noexcept { who_ = none; }
  void set_somebody() noexcept { who_ = somebody; }
  void take_over(LockHolder& other) noexcept;
  // If there is one it holds nothing any more.
  void forget_guard() noexcept;

 protected:
  explicit LockHolder(bool remembered) noexcept : remembered_(remembered) {}

 private:
  friend class LockTie;
  static constexpr std::uintptr_t none = 0;
  static constexpr std::uintptr_t somebody = 1;
  std::uintptr_t who_ = none;  // or a LockTie
  bool remembered_;            // not of a lock
};

// Ties a guard to what it holds.
class LockTie {
 public:
  LockTie() noexcept = default;
  explicit LockTie(LockHolder& holder) noexcept : holder_(&holder) { enter(); }
  LockTie(LockTie&& other) noexcept { take_place_of(other); }
  LockTie& operator=(LockTie&&) = delete;
  ~LockTie() = default;  // cut before

  void take_place_of(LockTie& other) noexcept {
    holder_ = std::exchange(other.holder_, nullptr);
    if (holder_) enter();
  }
  bool tied() const noexcept { return holder_ != nullptr; }
  bool holds() const noexcept { return holder_ && !holder_->remembered_; }
  void cut() noexcept { std::exchange(holder_, nullptr)->set_somebody(); }
  void release() noexcept;

 private:
  friend class LockHolder;
  void enter() noexcept { holder_->who_ = reinterpret_cast<std::uintptr_t>(this); }
  LockHolder* holder_ = nullptr;
};

inline void LockHolder::forget_guard() noexcept {
  if (who_ > somebody) reinterpret_cast<LockTie*>(who_)->holder_ = nullptr;
}

inline void LockHolder::take_over(LockHolder& other) noexcept {
  who_ = std::exchange(other.who_, none);
  if (who_ > somebody) reinterpret_cast<LockTie*>(who_)->holder_ = this;
}

class LockWaiter;

class LockAcquire {
 public:
  using value_type = void;
  using Waiter = LockWaiter;
  explicit LockAcquire(Lock& lock) noexcept : lock_(&lock) {}
  Lock& lock() const noexcept { return *lock_; }
  bool try_now() noexcept;
  void take_value() const noexcept {}

 private:
  Lock* lock_;
};

class LockScoped : public LockAcquire {
 public:
  using value_type = Guard<Lock>;
  using LockAcquire::LockAcquire;
  bool try_now() const noexcept;  // it is held from take_value() on, which follows at once
  Guard<Lock> take_value() const noexcept;
};

class LockWaiter final : public Waiter {
 public:
  explicit LockWaiter(LockAcquire& operation) noexcept;
  void accept() noexcept override;

 private:
  void leave(bool granted) noexcept override;
  std::string describe_wait() const override { return "Lock"; }
  Lock& lock_;
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
class Lock : private detail::LockHolder {
 public:
  Lock() noexcept : Lock("Lock") {}
  ~Lock() {
    if (conditions_) lose_conditions();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // Until release().
  // On cancel: the lock is not held. One that was handed over already goes to the next in line.
  detail::WaitOf<detail::LockAcquire> acquire() noexcept {
    return detail::WaitOf<detail::LockAcquire>(std::in_place, *this);
  }
  // The same, held by the LockGuard that the await gives.
  detail::WaitOf<detail::LockScoped> scoped() noexcept {
    return detail::WaitOf<detail::LockScoped>(std::in_place, *this);
  }
  // Only if it is free and nobody is before.
  bool try_acquire() noexcept {
    if (!available()) [[unlikely]]
      return false;
    set_somebody();
    return true;
  }

  // Throws std::runtime_error "Lock is not acquired.".
  void release() {
    if (!locked()) [[unlikely]]
      throw_not_acquired();
    forget_guard();
    hand_on();
  }
  bool locked() const noexcept { return !nobody(); }

  using GuardTie = detail::LockTie;  // for guards

 private:
  friend class Condition;
  friend class detail::LockWaiter;
  friend class detail::LockScoped;
  friend class detail::LockTie;
  friend class detail::ConditionWaiter;

  explicit Lock(const char* name) noexcept : LockHolder(false), waiters_(name) {}
  LockHolder& holder() noexcept { return *this; }
  bool available() const noexcept { return !locked() && waiters_.idle(); }
  void hand_on() noexcept {
    set_nobody();
    if (waiters_.anyone_waits()) [[unlikely]]
      waiters_.grant_next();
  }
  [[noreturn]] static void throw_not_acquired();
  void lose_conditions() noexcept;

  detail::WaitQueue waiters_;
  Condition* conditions_ = nullptr;  // those made for this lock
};

namespace detail {

inline void LockTie::release() noexcept {
  static_cast<Lock*>(holder_)->hand_on();
  holder_ = nullptr;
}

inline bool LockAcquire::try_now() noexcept { return lock_->try_acquire(); }
inline bool LockScoped::try_now() const noexcept { return lock().available(); }
inline Guard<Lock> LockScoped::take_value() const noexcept { return Guard<Lock>(lock().holder()); }
inline LockWaiter::LockWaiter(LockAcquire& operation) noexcept
    : Waiter(operation.lock().waiters_), lock_(operation.lock()) {}
inline void LockWaiter::accept() noexcept { lock_.set_somebody(); }

}  // namespace detail

}  // namespace heed

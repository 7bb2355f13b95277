// At most so many at a time.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "heed/sync/guard.hpp"
#include "heed/sync/waiter.hpp"

namespace heed {

class Semaphore;

namespace detail {

class SemaphoreWaiter;

class SemaphoreAcquire {
 public:
  using value_type = void;
  using Waiter = SemaphoreWaiter;
  explicit SemaphoreAcquire(Semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
  Semaphore& semaphore() const noexcept { return *semaphore_; }
  bool try_now() noexcept;
  void take_value() const noexcept {}

 private:
  Semaphore* semaphore_;
};

class SemaphoreScoped : public SemaphoreAcquire {
 public:
  using value_type = Guard<Semaphore>;
  using SemaphoreAcquire::SemaphoreAcquire;
  Guard<Semaphore> take_value() const noexcept;
};

class SemaphoreWaiter final : public Waiter {
 public:
  explicit SemaphoreWaiter(SemaphoreAcquire& operation) noexcept;
  void accept() noexcept override;

 private:
  void leave(bool granted) noexcept override;
  std::string describe_wait() const override;
  Semaphore& semaphore_;
};

}  // namespace detail

using SemaphoreGuard = Guard<Semaphore>;

// asyncio's Semaphore: a counter of free slots, first come first served. Any task may release.
//
//   auto guard = co_await semaphore.scoped();
//
// An acquire that need not wait does not suspend. Loops and destruction: as for Lock.
class Semaphore {
 public:
  // Throws std::invalid_argument "Semaphore initial value must be >= 0".
  explicit Semaphore(std::ptrdiff_t value = 1)
      : Semaphore(value, std::numeric_limits<std::ptrdiff_t>::max(), "Semaphore") {}

  // Takes a slot, until release().
  // On cancel: takes none. One that was handed over already goes to the next in line.
  detail::WaitOf<detail::SemaphoreAcquire> acquire() noexcept {
    return detail::WaitOf<detail::SemaphoreAcquire>(std::in_place, *this);
  }
  // The same, held by the SemaphoreGuard that the await gives.
  detail::WaitOf<detail::SemaphoreScoped> scoped() noexcept {
    return detail::WaitOf<detail::SemaphoreScoped>(std::in_place, *this);
  }
  // Only if nobody is before.
  bool try_acquire() noexcept {
    if (locked()) return false;
    --value_;
    return true;
  }

  // Adds a slot; a plain semaphore may grow. Throws std::invalid_argument "BoundedSemaphore released too many times".
  void release() {
    if (value_ >= bound_) [[unlikely]]
      throw_released_too_often();
    ++value_;
    if (waiters_.anyone_waits()) grant_one();
  }

  // An acquire would have to wait.
  bool locked() const noexcept { return value_ == 0 || !waiters_.idle(); }
  // Free slots.
  std::ptrdiff_t value() const noexcept { return value_; }

  // --- for guards -----------------------------------------------------------------------------------------------------
  struct Held {};
  bool holds(Held) const noexcept { return true; }
  void release_held(Held) { release(); }
  using GuardTie = detail::ListedTie<Semaphore>;
  detail::GuardList<Semaphore>& guards() noexcept { return guards_; }

 protected:
  Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound, const char* name);

 private:
  friend class detail::SemaphoreWaiter;
  void grant_one() noexcept {
    --value_;
    waiters_.grant_next();
  }
  void grant_what_is_free() noexcept {
    while (value_ > 0 && waiters_.anyone_waits()) grant_one();
  }
  [[noreturn]] void throw_released_too_often() const;

  std::ptrdiff_t value_;
  std::ptrdiff_t bound_;
  detail::WaitQueue waiters_;
  detail::GuardList<Semaphore> guards_;
};

// One whose value never exceeds its initial one: releasing it once too often throws.
class BoundedSemaphore final : public Semaphore {
 public:
  explicit BoundedSemaphore(std::ptrdiff_t value = 1) : Semaphore(value, value, "BoundedSemaphore") {}
};

namespace detail {

inline bool SemaphoreAcquire::try_now() noexcept { return semaphore_->try_acquire(); }
inline Guard<Semaphore> SemaphoreScoped::take_value() const noexcept {
  return Guard<Semaphore>(semaphore(), Semaphore::Held());
}
inline SemaphoreWaiter::SemaphoreWaiter(SemaphoreAcquire& operation) noexcept
    : Waiter(operation.semaphore().waiters_), semaphore_(operation.semaphore()) {}

}  // namespace detail

}  // namespace heed

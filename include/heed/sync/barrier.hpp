// A point that tasks pass together.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "heed/sync/waiter.hpp"

namespace heed {

// The barrier was reset or aborted while a task waited, or aborted before.
class BrokenBarrierError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~BrokenBarrierError() override;
};

class Barrier;

namespace detail {

class BarrierWaiter;

class BarrierWait {
 public:
  using value_type = std::size_t;
  using Waiter = BarrierWaiter;
  explicit BarrierWait(Barrier& barrier) noexcept : barrier_(&barrier) {}
  Barrier& barrier() const noexcept { return *barrier_; }
  bool try_now() noexcept;
  std::size_t take_value() const noexcept { return index_; }

 private:
  friend class heed::Barrier;
  Barrier* barrier_;
  std::size_t index_ = 0;
};

class BarrierWaiter final : public Waiter {
 public:
  explicit BarrierWaiter(BarrierWait& operation) noexcept;
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;

 private:
  friend class heed::Barrier;
  void leave(bool granted) noexcept override;
  std::exception_ptr refusal() override;
  std::string describe_wait() const override { return "Barrier"; }
  Barrier& barrier_;
  BarrierWait& operation_;
};

}  // namespace detail

// asyncio's Barrier: wait() suspends until `parties` tasks wait, then all continue; it can be used again at once. A task
// that is cancelled while it waits leaves, and one more must come.
//
// Destroyed while tasks wait, they get InvalidStateError; those that were released pass.
class Barrier {
 public:
  // Throws std::invalid_argument "parties must be >= 1".
  explicit Barrier(std::ptrdiff_t parties);

  // Gives 0 to parties - 1, a different number to each; the last one to come does not suspend.
  // Throws BrokenBarrierError.
  detail::WaitOf<detail::BarrierWait> wait() noexcept {
    return detail::WaitOf<detail::BarrierWait>(std::in_place, *this);
  }

  // Whoever waits gets BrokenBarrierError; the barrier is usable again (neither needs an await, other than in asyncio) ...
  void reset() noexcept;
  // ... or broken for everybody until reset().
  void abort() noexcept;

  std::size_t parties() const noexcept { return parties_; }
  std::size_t n_waiting() const noexcept { return waiting_; }
  bool broken() const noexcept { return broken_; }

 private:
  friend class detail::BarrierWait;
  friend class detail::BarrierWaiter;
  void release_all() noexcept;

  std::size_t parties_;
  std::size_t waiting_ = 0;
  bool broken_ = false;
  detail::WaitQueue waiters_;
};

inline detail::BarrierWaiter::BarrierWaiter(BarrierWait& operation) noexcept
    : Waiter(operation.barrier().waiters_), barrier_(operation.barrier()), operation_(operation) {}

}  // namespace heed

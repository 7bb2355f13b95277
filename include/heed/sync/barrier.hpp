// A point that tasks pass together.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

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

class BarrierWaiter : public Waiter {
 public:
  using value_type = std::size_t;
  explicit BarrierWaiter(Barrier& barrier) noexcept;
  bool try_now() noexcept;
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;
  std::size_t take_value() const noexcept { return index_; }

 protected:
  BarrierWaiter(BarrierWaiter&&) noexcept = default;
  ~BarrierWaiter() = default;

 private:
  friend class heed::Barrier;
  void leave(bool granted) noexcept final;
  std::exception_ptr refusal() final;
  std::string describe_wait() const final { return "Barrier"; }
  Barrier* barrier_;
  std::size_t index_ = 0;
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
  detail::WaitOf<detail::BarrierWaiter> wait() noexcept { return detail::WaitOf<detail::BarrierWaiter>(*this); }

  // Whoever waits gets BrokenBarrierError; the barrier is usable again (neither needs an await, other than in asyncio) ...
  void reset() noexcept;
  // ... or broken for everybody until reset().
  void abort() noexcept;

  std::size_t parties() const noexcept { return parties_; }
  std::size_t n_waiting() const noexcept { return waiting_; }
  bool broken() const noexcept { return broken_; }

 private:
  friend class detail::BarrierWaiter;
  void release_all() noexcept;

  std::size_t parties_;
  std::size_t waiting_ = 0;
  bool broken_ = false;
  detail::WaitQueue waiters_;
};

inline detail::BarrierWaiter::BarrierWaiter(Barrier& barrier) noexcept : Waiter(barrier.waiters_), barrier_(&barrier) {}

}  // namespace heed

// How many may use something at once, and who does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "heed/sync/guard.hpp"
#include "heed/sync/waiter.hpp"

namespace heed {

// acquire_nowait() found no token.
class WouldBlock : public std::runtime_error {
 public:
  WouldBlock() : std::runtime_error("no token is free") {}
  ~WouldBlock() override;
};

// Who holds a token: a task, or whatever has an address.
class Borrower {
 public:
  explicit Borrower(const void* object) noexcept : key_(reinterpret_cast<std::uintptr_t>(object)) {}
  static Borrower task(std::uint64_t id) noexcept {
    Borrower borrower(nullptr);
    borrower.key_ = id;
    borrower.is_task_ = true;
    return borrower;
  }
  bool is_task() const noexcept { return is_task_; }
  // AnyTask::id(), 0 when it is no task.
  std::uint64_t task_id() const noexcept { return is_task_ ? key_ : 0; }
  const void* object() const noexcept { return is_task_ ? nullptr : reinterpret_cast<const void*>(key_); }
  friend bool operator==(const Borrower&, const Borrower&) = default;

 private:
  friend struct BorrowerHash;
  std::uint64_t key_ = 0;
  bool is_task_ = false;
};

struct BorrowerHash {
  std::size_t operator()(const Borrower& borrower) const noexcept { return std::hash<std::uint64_t>()(borrower.key_); }
};

struct LimiterStatistics {
  std::size_t borrowed_tokens;
  std::size_t total_tokens;
  std::vector<Borrower> borrowers;  // in no order
  std::size_t tasks_waiting;
};

class CapacityLimiter;

namespace detail {

class LimiterWaiter;

class LimiterAcquire {
 public:
  using value_type = Guard<CapacityLimiter>;
  using Waiter = LimiterWaiter;
  // The borrower is the task that awaits, unless one is given.
  explicit LimiterAcquire(CapacityLimiter& limiter) noexcept : limiter_(&limiter), for_task_(true) {}
  LimiterAcquire(CapacityLimiter& limiter, Borrower borrower) noexcept
      : limiter_(&limiter), borrower_(borrower), for_task_(false) {}
  bool try_now();
  Guard<CapacityLimiter> take_value() const noexcept;

 private:
  friend class LimiterWaiter;
  void enter();
  CapacityLimiter* limiter_;
  Borrower borrower_{nullptr};
  bool for_task_;
  std::uint64_t ticket_ = 0;
};

class LimiterWaiter final : public Waiter {
 public:
  explicit LimiterWaiter(LimiterAcquire& operation) noexcept;
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;
  void accept() noexcept override;

 private:
  void leave(bool granted) noexcept override;
  std::string describe_wait() const override { return "CapacityLimiter"; }
  CapacityLimiter& limiter_;
  LimiterAcquire& operation_;
};

}  // namespace detail

using LimiterGuard = Guard<CapacityLimiter>;

// trio's and anyio's CapacityLimiter: a semaphore that knows who holds its tokens, so that nobody takes two, and whose
// size can be changed. First come first served.
//
//   auto token = co_await limiter.acquire();   // given back at the end of the scope
//
// Loops and destruction: as for Lock.
class CapacityLimiter {
 public:
  static constexpr std::ptrdiff_t unlimited = std::numeric_limits<std::ptrdiff_t>::max();

  // Throws std::invalid_argument "total_tokens must be >= 0".
  explicit CapacityLimiter(std::ptrdiff_t total_tokens);

  // A token for the running task, or for `borrower`. Throws std::runtime_error when the borrower holds one, or waits for
  // one, already.
  // On cancel: takes none. One that was handed over already goes to the next in line.
  detail::WaitOf<detail::LimiterAcquire> acquire() noexcept {
    return detail::WaitOf<detail::LimiterAcquire>(std::in_place, *this);
  }
  detail::WaitOf<detail::LimiterAcquire> acquire_on_behalf_of(const void* borrower) noexcept {
    return detail::WaitOf<detail::LimiterAcquire>(std::in_place, *this, Borrower(borrower));
  }
  // Throws WouldBlock.
  LimiterGuard acquire_nowait();
  LimiterGuard acquire_on_behalf_of_nowait(const void* borrower);
  // What a guard does, by hand. Throws std::runtime_error when the borrower holds none.
  void release();
  void release_on_behalf_of(const void* borrower);

  std::size_t total_tokens() const noexcept { return static_cast<std::size_t>(total_); }
  // More: who waits goes on. Fewer: nobody loses a token, but no more are given until so many came back.
  void set_total_tokens(std::ptrdiff_t total_tokens);
  std::size_t borrowed_tokens() const noexcept { return static_cast<std::size_t>(borrowed_); }
  std::size_t available_tokens() const noexcept {
    return borrowed_ < total_ ? static_cast<std::size_t>(total_ - borrowed_) : 0;
  }
  LimiterStatistics statistics() const;

  // --- for guards -----------------------------------------------------------------------------------------------------
  struct Held {
    Borrower borrower{nullptr};
    std::uint64_t ticket = 0;
  };
  bool holds(const Held& held) const noexcept;
  void release_held(const Held& held);
  using GuardTie = detail::ListedTie<CapacityLimiter>;
  detail::GuardList<CapacityLimiter>& guards() noexcept { return guards_; }

 private:
  friend class detail::LimiterAcquire;
  friend class detail::LimiterWaiter;

  LimiterGuard take_nowait(Borrower borrower);
  std::uint64_t enter(Borrower borrower);  // throws when it is known already
  void give_back(Borrower borrower);
  void grant_what_is_free() noexcept;
  bool token_free() const noexcept { return borrowed_ < total_ && !waiters_.anyone_waits(); }

  struct Entry {
    std::uint64_t ticket;
    bool waits;
  };
  std::ptrdiff_t total_;
  std::ptrdiff_t borrowed_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<Borrower, Entry, BorrowerHash> borrowers_;  // and those who wait
  detail::WaitQueue waiters_{"CapacityLimiter"};
  detail::GuardList<CapacityLimiter> guards_;
};

}  // namespace heed

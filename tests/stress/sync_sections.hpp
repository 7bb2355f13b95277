// What a step holds while its body runs, by a guard or by hand, and the account of it.
#pragma once

#include <stdexcept>
#include <utility>

#include "stress/coverage.hpp"
#include "stress/sync_pool.hpp"

namespace heed::stress {

enum class HeldBy : std::uint8_t { guard, hand };

// A release that must be accepted, or refused.
template <class F>
void expect_release(WaitLine& line, bool accepted, F release) {
  try {
    release();
    if (!accepted) line.violation("what is not held was released");
  } catch (const std::exception&) {
    if (accepted) line.violation("what is held could not be released");
    coverage.count(Happened::sync_refused);
  }
}

class LockSection {
 public:
  LockSection(LockAccount& account, HeldBy how) : account_(account), how_(how) {}
  LockSection(const LockSection&) = delete;
  LockSection& operator=(const LockSection&) = delete;
  ~LockSection() { release(false); }

  LockAccount& account() noexcept { return account_; }
  HeldBy how() const noexcept { return how_; }
  void taken(LockGuard guard, TaskId task) {
    number_ = account_.take();
    account_.task = task;
    guard_ = std::move(guard);
    if (how_ == HeldBy::guard && !guard_.owns()) account_.line.violation("a guard does not hold what it was made for");
  }
  bool holds() const noexcept { return number_ != 0 && account_.holder == number_; }

  // While it waits for a condition.
  void lend() noexcept { account_.holder = 0; }
  void lent_back(TaskId task) {
    if (account_.holder != 0) account_.line.violation("a wait for a condition ended while another task holds the lock");
    account_.holder = number_;
    account_.task = task;
    if (!account_.lock.locked() || (how_ == HeldBy::guard && !guard_.owns()))
      account_.line.violation("a wait for a condition ended, and the lock is not held");
  }

  // `expressly`: not by the guard's destructor.
  void release(bool expressly) {
    if (number_ == 0) return;
    bool mine = holds();
    number_ = 0;
    if (!mine) coverage.count(Happened::sync_lost);
    if (how_ == HeldBy::guard) {
      if (guard_.owns() != mine) account_.line.violation("a guard does not know whether it holds something");
      if (expressly) {
        expect_release(account_.line, mine, [&] { guard_.release(); });
      } else {
        LockGuard gone = std::move(guard_);
      }
    } else if (mine || account_.holder == 0) {
      expect_release(account_.line, mine, [&] { account_.lock.release(); });
    }
    if (mine) account_.holder = 0;
  }

 private:
  LockAccount& account_;
  HeldBy how_;
  std::uint64_t number_ = 0;
  LockGuard guard_;
};

class SemaphoreSection {
 public:
  SemaphoreSection(SemaphoreAccount& account, HeldBy how) : account_(account), how_(how) {}
  SemaphoreSection(const SemaphoreSection&) = delete;
  SemaphoreSection& operator=(const SemaphoreSection&) = delete;
  ~SemaphoreSection() { release(false); }

  HeldBy how() const noexcept { return how_; }
  void taken(SemaphoreGuard guard) {
    if (--account_.available < 0) account_.line.violation("more hold it than it has slots");
    held_ = true;
    guard_ = std::move(guard);
  }
  void release(bool expressly) {
    if (!std::exchange(held_, false)) return;
    if (how_ == HeldBy::hand) {
      expect_release(account_.line, true, [&] { account_.semaphore.release(); });
    } else if (expressly) {
      expect_release(account_.line, true, [&] { guard_.release(); });
    } else {
      SemaphoreGuard gone = std::move(guard_);
    }
    ++account_.available;
  }

 private:
  SemaphoreAccount& account_;
  HeldBy how_;
  bool held_ = false;
  SemaphoreGuard guard_;
};

class LimiterSection {
 public:
  LimiterSection(LimiterAccount& account, std::uint64_t borrower) : account_(account), borrower_(borrower) {}
  LimiterSection(const LimiterSection&) = delete;
  LimiterSection& operator=(const LimiterSection&) = delete;
  ~LimiterSection() { release(false, false); }

  // `perhaps_before`: it was given the token before there were fewer.
  void taken(LimiterGuard guard, bool perhaps_before) {
    if (account_.holders.size() >= account_.total && !perhaps_before)
      account_.line.violation("more hold it than it has tokens");
    number_ = ++account_.last_holder;
    if (!account_.holders.emplace(borrower_, number_).second) account_.line.violation("a task holds two tokens");
    guard_ = std::move(guard);
    if (!guard_.owns()) account_.line.violation("a guard does not hold what it was made for");
  }
  bool holds() const {
    auto found = account_.holders.find(borrower_);
    return number_ != 0 && found != account_.holders.end() && found->second == number_;
  }
  // `by_task`: not by the guard, which then holds nothing.
  void release(bool expressly, bool by_task) {
    if (number_ == 0) return;
    bool mine = holds();
    number_ = 0;
    if (!mine) coverage.count(Happened::sync_lost);
    if (guard_.owns() != mine) account_.line.violation("a guard does not know whether it holds something");
    if (by_task) {
      if (mine) expect_release(account_.line, true, [&] { account_.limiter.release(); });
      if (guard_.owns()) account_.line.violation("a guard holds what was released");
    } else if (expressly) {
      expect_release(account_.line, mine, [&] { guard_.release(); });
    } else {
      LimiterGuard gone = std::move(guard_);
    }
    if (mine) account_.holders.erase(borrower_);
  }

 private:
  LimiterAccount& account_;
  std::uint64_t borrower_;
  std::uint64_t number_ = 0;
  LimiterGuard guard_;
};

}  // namespace heed::stress

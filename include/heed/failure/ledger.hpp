// The books of a loop: every failure and every cancellation, and what became of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <vector>

#include "heed/failure/record.hpp"

namespace heed {

// raised = retrieved + merged + supervised + reported + live, at every instant (rule A3).
struct FailureCounts {
  std::uint64_t raised = 0;
  std::uint64_t retrieved = 0;
  std::uint64_t merged = 0;
  std::uint64_t supervised = 0;
  std::uint64_t reported = 0;
  std::uint64_t live = 0;

  bool balanced() const noexcept { return raised == retrieved + merged + supervised + reported + live; }
};

// requested = delivered + completed_anyway + withdrawn + pending, at every instant. A request is one call of cancel()
// that returned true for a task, also when it was forwarded from the task that awaits it.
struct CancellationCounts {
  std::uint64_t requested = 0;
  std::uint64_t delivered = 0;         // a CancelledError was raised in the task
  std::uint64_t completed_anyway = 0;  // the await, or the task, ended with a result or an error of its own
  std::uint64_t withdrawn = 0;         // uncancel() took it back before it was delivered
  std::uint64_t pending = 0;

  bool balanced() const noexcept { return requested == delivered + completed_anyway + withdrawn + pending; }
};

// What the birth of a failure knows beside the exception.
struct FailureBirth {
  FailureOrigin origin = FailureOrigin::task;
  std::uint64_t cause_id = 0;
  std::uint64_t loop_id = 0;
  std::chrono::nanoseconds time{};
};

// Owned by a loop, used on its thread only. Users read it through EventLoop::failures().
class Ledger {
 public:
  static constexpr std::size_t ring_capacity = 256;

  Ledger();
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  const FailureCounts& failures() const noexcept { return failures_; }
  const CancellationCounts& cancellations() const noexcept { return cancellations_; }
  bool balanced() const noexcept { return failures_.balanced() && cancellations_.balanced(); }

  // The last `ring_capacity` failures that found their end, oldest first.
  std::vector<const FailureRecord*> recent() const;
  // Those that are live now, oldest first.
  std::vector<const FailureRecord*> live() const;
  // How many settled records left the ring: settled() == recent().size() + overflowed().
  std::uint64_t overflowed() const noexcept { return overflowed_; }
  std::uint64_t settled() const noexcept { return failures_.raised - failures_.live; }

  // "raised 3 = retrieved 1 + merged 0 + supervised 0 + reported 2 + live 0; cancellations ..."
  std::string summary() const;

  // --- for the runtime --------------------------------------------------------------------------------------------

  // Opens a failure; the caller owns it and calls close() when nobody can ask for the exception any more. Never
  // fails and never throws: without memory a record of the reserve is used, and null is returned only when that is
  // used up as well; then the failure was told to the last resort and counts as reported.
  FailureRecord* open(std::exception_ptr exception, const FailureBirth& birth) noexcept;
  // A failure gets its end. Only the first call for a record counts; returns whether it was the first.
  bool settle(FailureRecord& record, Disposition disposition) noexcept;
  void close(FailureRecord* record) noexcept;

  // The oldest live failure that is still to be reported provisionally, or null.
  FailureRecord* oldest_fresh() const noexcept { return fresh_.first; }
  // Any live failure, or null.
  FailureRecord* any_live() const noexcept { return held_.first ? held_.first : fresh_.first; }
  void mark_provisional(FailureRecord& record) noexcept;
  // Whoever has it now will read it or let go of it: no provisional report.
  void hold(FailureRecord& record) noexcept;

  CancellationCounts& count_cancellations() noexcept { return cancellations_; }

 private:
  struct List {
    FailureRecord* first = nullptr;
    FailureRecord* last = nullptr;
    void push_back(FailureRecord& record) noexcept;
    void remove(FailureRecord& record) noexcept;
  };
  FailureRecord* allocate() noexcept;
  void release(FailureRecord* record) noexcept;
  void push_to_ring(FailureRecord& record) noexcept;

  FailureCounts failures_;
  CancellationCounts cancellations_;
  List fresh_;  // live, in order of birth
  List held_;   // live, and provisionally reported or held by somebody who will see to it
  std::vector<FailureRecord*> ring_;
  std::size_t ring_start_ = 0;
  std::uint64_t overflowed_ = 0;
  std::vector<FailureRecord*> reserve_;
};

}  // namespace heed

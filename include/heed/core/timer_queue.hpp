// Deadlines, soonest first.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "heed/core/clock.hpp"
#include "heed/core/waitable.hpp"

namespace heed::detail {

class TimerWheel;

// Becomes ready at its deadline.
class Timer : public Waitable {
 public:
  bool armed() const noexcept { return index_ != unarmed; }

 protected:
  ~Timer() = default;
  // As it was last armed.
  TimePoint deadline() const noexcept { return deadline_; }

 private:
  friend class TimerQueue;
  friend class TimerWheel;
  static constexpr std::uint32_t unarmed = UINT32_MAX;
  static constexpr std::uint32_t in_wheel = UINT32_MAX - 1;
  TimePoint deadline_{};
  std::uint32_t index_ = unarmed;  // in the heap
};

// A heap of four children a node with the index kept in the timer: exact order, first in first out among equal
// deadlines. When there are more than a few hundred timers, those that are not due soon wait in a wheel and come into
// the heap in the tick (8.4 ms) of their deadline: with a million outstanding it costs half to set and cancel one, since
// its neighbours in the wheel are touched instead of a way through the heap. The price: a slot is moved at once, 100 ns
// a timer, which with a million of them that are due in the same half minute is a pause of 100 ms.
class TimerQueue {
 public:
  TimerQueue() noexcept;
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  bool empty() const noexcept { return heap_.empty() && in_wheel_ == 0; }
  std::size_t size() const noexcept { return heap_.size() + in_wheel_; }
  // Fetches the soonest into the heap: for when the loop is about to sleep. Not for an empty queue.
  TimePoint soonest() noexcept;

  // Throws std::bad_alloc and then leaves everything as it was.
  void arm(Timer& timer, TimePoint when);
  void disarm(Timer& timer) noexcept;

  // Moves all that are due at `now` to `ready`, in order of their deadlines.
  void expire(TimePoint now, ReadyQueue& ready) noexcept;

  // The soonest, whether it is due or not; null when there is none.
  Timer* pop() noexcept;

 private:
  static constexpr std::size_t enough_for_heap = 256;
  struct Entry {
    TimePoint when;
    std::uint64_t sequence;
    Timer* timer;
    bool before(const Entry& other) const noexcept {
      return when < other.when || (when == other.when && sequence < other.sequence);
    }
  };
  void arm_among_many(Timer& timer);
  bool belongs_to_wheel(TimePoint when);
  void leave_wheel(Timer& timer) noexcept;
  void fetch_before(std::int64_t tick) noexcept;
  void fetch_soonest() noexcept;
  void push(Timer& timer);
  Timer* pop_from_heap() noexcept;
  void place(std::size_t index, const Entry& entry) noexcept {
    heap_[index] = entry;
    entry.timer->index_ = static_cast<std::uint32_t>(index);
  }
  void sift_up(std::size_t index, const Entry& entry) noexcept;
  void sift_down(std::size_t index, const Entry& entry) noexcept;
  void erase(std::size_t index) noexcept;

  std::vector<Entry> heap_;  // has room for those in the wheel, too
  std::uint64_t sequence_ = 0;
  std::size_t in_wheel_ = 0;
  std::unique_ptr<TimerWheel> wheel_;
  TimePoint last_expiry_{};
};

}  // namespace heed::detail

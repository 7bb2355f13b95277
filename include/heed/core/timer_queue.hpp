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
  bool armed() const noexcept { return where() != nowhere; }
  // As it was last armed.
  TimePoint when() const noexcept { return deadline; }

 protected:
  ~Timer() = default;
  Timer() noexcept { deadline = TimePoint(); }

 private:
  friend class TimerQueue;
  friend class TimerLine;
  friend class TimerWheel;

  // Where it is known, and its index there.
  enum Where : std::uint32_t { in_heap = 0, in_wheel = 1u << 30, in_line = 2u << 30, nowhere = 3u << 30 };
  Where where() const noexcept { return static_cast<Where>(place_ & nowhere); }
  std::uint32_t index() const noexcept { return place_ & ~std::uint32_t{nowhere}; }
  void put(Where where, std::size_t index) noexcept {
    place_ = where | (static_cast<std::uint32_t>(index) & ~std::uint32_t{nowhere});
  }
  void leave() noexcept { place_ = nowhere; }

  std::uint32_t place_ = nowhere;
};

// A timer and what orders it: what is compared need not be fetched from the timers.
struct TimerEntry {
  explicit TimerEntry(Timer& of) noexcept : when(of.deadline), sequence(of.sequence), timer(&of) {}
  TimePoint when;
  std::uint64_t sequence;  // in which order they were armed
  Timer* timer;
  bool before(const TimerEntry& other) const noexcept {
    return when < other.when || (when == other.when && sequence < other.sequence);
  }
};

// Timers in order, taken from the front. What is added comes after all that is there.
class TimerLine {
 public:
  bool empty() const noexcept { return live_ == 0; }
  const TimerEntry& front() const noexcept { return entries_[first_]; }

  // For so many, those that are there among them. Throws std::bad_alloc.
  void make_room_for(std::size_t count) { entries_.reserve(2 * count); }
  // A begin_adding(), add() in any order, and sort_added(). Needs room.
  void begin_adding() noexcept;
  void add(const TimerEntry& entry) noexcept {
    entries_.push_back(entry);
    ++live_;
  }
  void sort_added() noexcept;

  Timer& pop_front() noexcept;
  void remove(Timer& timer) noexcept;

 private:
  void skip_removed() noexcept;
  void number_from(std::size_t index) noexcept;

  std::vector<TimerEntry> entries_;  // before `first_`: taken. No timer: removed
  std::size_t first_ = 0;
  std::size_t sorted_ = 0;
  std::size_t live_ = 0;  // neither taken nor removed
};

// A heap of four children a node with the index kept in the timer: exact order, first in first out among equal
// deadlines. When there are more than a few hundred timers, those that are not due soon wait in a wheel, and are sorted
// in the tick (8.4 ms) of their deadline: however many are outstanding, to set and cancel one is as much work as with a
// thousand, and what expires is read in order instead of searched for. The price: a slot is moved at once, 45 ns a timer.
class TimerQueue {
 public:
  TimerQueue() noexcept;
  ~TimerQueue();
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  // Fetches the soonest from the wheel: for when the loop is about to sleep. Not for an empty queue.
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
  static constexpr std::size_t most = std::size_t{1} << 30;

  void arm_among_many(Timer& timer);
  void arm_in_heap(Timer& timer);
  void make_room();
  void prepare_wheel();
  void disarm_among_many(Timer& timer) noexcept;
  void fetch_before(std::int64_t tick) noexcept;
  void fetch_soonest() noexcept;
  bool line_is_first() const noexcept {
    return !line_.empty() && (heap_.empty() || line_.front().before(heap_.front()));
  }

  void push(const TimerEntry& entry);
  Timer& pop_from_heap() noexcept;
  Timer& take_soonest() noexcept;
  void place(std::size_t index, const TimerEntry& entry) noexcept {
    heap_[index] = entry;
    entry.timer->put(Timer::in_heap, index);
  }
  void sift_up(std::size_t index, const TimerEntry& entry) noexcept;
  void sift_down(std::size_t index, const TimerEntry& entry) noexcept;
  void erase(std::size_t index) noexcept;

  std::vector<TimerEntry> heap_;
  std::uint64_t sequence_ = 0;
  std::size_t size_ = 0;
  std::size_t in_wheel_ = 0;
  std::size_t room_ = 0;  // so many can all be in the heap, or in the line, without more memory
  std::unique_ptr<TimerWheel> wheel_;
  TimerLine line_;  // those that came from the wheel
  TimePoint last_expiry_{};
};

}  // namespace heed::detail

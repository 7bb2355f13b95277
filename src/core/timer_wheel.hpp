// Timers that are far off.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "heed/core/timer_queue.hpp"

namespace heed::detail {

// So many timers ahead their memory is asked for, where many are looked at one after the other.
inline constexpr std::size_t fetched_ahead = 16;

// Timers in no order. Grows and shrinks at the end, in pieces: what is there is never copied.
class TimerSlot {
 public:
  std::size_t size() const noexcept { return size_; }
  Timer*& operator[](std::size_t index) noexcept { return (*pieces_[index / in_a_piece])[index % in_a_piece]; }
  Timer* operator[](std::size_t index) const noexcept { return (*pieces_[index / in_a_piece])[index % in_a_piece]; }
  Timer* back() const noexcept { return (*this)[size_ - 1]; }
  // Throws std::bad_alloc.
  void push_back(Timer& timer) {
    if (size_ == room_) [[unlikely]]
      grow();
    (*this)[size_++] = &timer;
  }
  // One piece more than is needed stays: a slot that is used now and then does without malloc.
  void pop_back() noexcept {
    --size_;
    if (size_ + 2 * in_a_piece == room_) [[unlikely]]
      keep(pieces_.size() - 1);
  }
  // Gives all to `take`. Frees what was read on the way: it is still in the caches, for what `take` needs.
  template <class Take>
  void drain(Take& take) noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (i + fetched_ahead < size_) __builtin_prefetch((*this)[i + fetched_ahead], 1);
      take(*(*this)[i]);
      if (i % in_a_piece == in_a_piece - 1 && i >= in_a_piece) pieces_[i / in_a_piece].reset();
    }
    size_ = 0;
    if (room_ > in_a_piece) keep(1);
  }

 private:
  static constexpr std::size_t in_a_piece = 64;
  using Piece = std::array<Timer*, in_a_piece>;
  void grow();
  void keep(std::size_t pieces) noexcept;
  std::vector<std::unique_ptr<Piece>> pieces_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;  // in the pieces
};

// Holds timers by the tick of their deadline, which is at or after a horizon. Read as numbers of six bits a digit, the
// first digit in which tick and horizon differ is the timer's level, and the tick's digit there its slot: level 0 has a
// slot for each of the next ticks, level 1 for each 64 of them, and so on. The slot follows from tick and horizon alone.
// In a slot they are in no order: when its time comes they are read one after the other, fetched from memory ahead.
class TimerWheel {
 public:
  using Tick = std::int64_t;
  static Tick tick_of(TimePoint time) noexcept { return time.time_since_epoch().count() >> bits_of_tick; }

  explicit TimerWheel(Tick horizon) noexcept : horizon_(horizon) {}

  Tick horizon() const noexcept { return horizon_; }
  // Only an empty one's may go back.
  void set_horizon(Tick horizon) noexcept { horizon_ = horizon; }

  // Nothing is due before this tick: that of the first timer, or where its slot begins. Not for an empty wheel.
  Tick first() const noexcept;

  // Not one that is due before the horizon. Throws std::bad_alloc.
  void insert(Timer& timer);
  void remove(Timer& timer) noexcept;

  // Sets the horizon, and gives all that is no longer where it belongs to `take`: each either comes before the new
  // horizon or is to be inserted again.
  template <class Take>
  void advance(Tick horizon, Take take) noexcept;

 private:
  static constexpr int bits_of_tick = 23;  // 8.4 ms
  static constexpr int bits = 6;
  static constexpr std::size_t few = 8;
  static constexpr int levels = (63 - bits_of_tick + bits - 1) / bits;
  struct Level {
    std::uint64_t occupied = 0;  // a bit a slot
    TimerSlot slots[1 << bits];
  };
  struct Place {
    unsigned level;
    unsigned slot;
  };
  Place place_of(TimePoint when) const noexcept;
  // The occupied slots of a level that are passed; they count as empty from now on.
  std::uint64_t pass(int level, Tick from, Tick to) noexcept;

  Tick horizon_;
  Level levels_[levels];
};

template <class Take>
void TimerWheel::advance(Tick horizon, Take take) noexcept {
  Tick from = std::exchange(horizon_, horizon);
  bool last = false;
  for (int level = 0; level < levels && !last; ++level) {
    last = (horizon ^ from) >> (level + 1) * bits == 0;
    // What is inserted again goes to lower levels: these have been dealt with.
    for (std::uint64_t passed = pass(level, from, horizon); passed != 0; passed &= passed - 1) {
      levels_[level].slots[std::countr_zero(passed)].drain(take);
    }
  }
}

}  // namespace heed::detail

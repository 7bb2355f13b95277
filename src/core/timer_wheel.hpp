// Timers that are far off.
#pragma once

#include <cstdint>

#include "heed/core/timer_queue.hpp"

namespace heed::detail {

// Holds timers by the tick of their deadline, which is at or after a horizon. Read as numbers of six bits a digit, the
// first digit in which tick and horizon differ is the timer's level, and the tick's digit there its slot: level 0 has a
// slot for each of the next ticks, level 1 for each 64 of them, and so on. The slot follows from tick and horizon alone;
// so equal deadlines are always in one slot, in the order in which they came, and nothing is allocated.
class TimerWheel {
 public:
  using Tick = std::int64_t;
  static Tick tick_of(TimePoint time) noexcept { return time.time_since_epoch().count() >> bits_of_tick; }

  explicit TimerWheel(Tick horizon) noexcept : horizon_(horizon) {}

  Tick horizon() const noexcept { return horizon_; }
  // Only an empty one's may go back.
  void set_horizon(Tick horizon) noexcept { horizon_ = horizon; }

  // The tick at which the first slot in use begins. Not for an empty wheel.
  Tick first() const noexcept;

  // Not one that is due before the horizon.
  void insert(Timer& timer) noexcept;
  void remove(Timer& timer) noexcept;

  // Sets the horizon, and takes out what is no longer where it belongs: each either comes before the new horizon or is to
  // be inserted again. Equal deadlines keep their order.
  void advance(Tick horizon, ReadyQueue& taken) noexcept;

 private:
  static constexpr int bits_of_tick = 23;  // 8.4 ms
  static constexpr int bits = 6;
  static constexpr int levels = (63 - bits_of_tick + bits - 1) / bits;
  struct Level {
    std::uint64_t occupied = 0;  // a bit a slot
    RunnableList slots[1 << bits];
  };
  struct Place {
    int level;
    int slot;
  };
  Place place_of(const Timer& timer) const noexcept;

  Tick horizon_;
  Level levels_[levels];
};

}  // namespace heed::detail

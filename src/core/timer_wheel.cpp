#include "core/timer_wheel.hpp"

#include <bit>

namespace heed::detail {

namespace {

// The bits of the slots before `end`, which may be the number of slots.
std::uint64_t slots_before(int end) noexcept { return end < 64 ? (std::uint64_t{1} << end) - 1 : ~std::uint64_t{0}; }

}  // namespace

TimerWheel::Place TimerWheel::place_of(const Timer& timer) const noexcept {
  Tick tick = tick_of(timer.deadline_);
  auto different = static_cast<std::uint64_t>(tick ^ horizon_);
  int level = (std::bit_width(different | 1) - 1) / bits;
  return {level, static_cast<int>(tick >> level * bits & 63)};
}

TimerWheel::Tick TimerWheel::first() const noexcept {
  int level = 0;
  while (levels_[level].occupied == 0) ++level;
  Tick slot = std::countr_zero(levels_[level].occupied);
  Tick above = horizon_ >> (level + 1) * bits << (level + 1) * bits;
  return above | slot << level * bits;
}

void TimerWheel::insert(Timer& timer) noexcept {
  auto [level, slot] = place_of(timer);
  levels_[level].slots[slot].push_back(timer);
  levels_[level].occupied |= std::uint64_t{1} << slot;
}

void TimerWheel::remove(Timer& timer) noexcept {
  auto [level, slot] = place_of(timer);
  RunnableList& list = levels_[level].slots[slot];
  list.remove(timer);
  if (list.empty()) levels_[level].occupied &= ~(std::uint64_t{1} << slot);
}

void TimerWheel::advance(Tick horizon, ReadyQueue& taken) noexcept {
  for (int level = 0; level < levels; ++level) {
    bool same_above = (horizon ^ horizon_) >> (level + 1) * bits == 0;
    // Up to the slot in which the new horizon lies; on level 0 without it.
    int end = same_above ? static_cast<int>(horizon >> level * bits & 63) + (level != 0) : 64;
    std::uint64_t passed = levels_[level].occupied & slots_before(end);
    levels_[level].occupied &= ~passed;
    for (; passed != 0; passed &= passed - 1) levels_[level].slots[std::countr_zero(passed)].move_to(taken);
    if (same_above) break;
  }
  horizon_ = horizon;
}

}  // namespace heed::detail

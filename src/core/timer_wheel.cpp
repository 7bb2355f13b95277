#include "core/timer_wheel.hpp"

#include <algorithm>

namespace heed::detail {

namespace {

// The bits of the slots before `end`, which may be the number of slots.
std::uint64_t slots_before(int end) noexcept { return end < 64 ? (std::uint64_t{1} << end) - 1 : ~std::uint64_t{0}; }

}  // namespace

[[gnu::noinline]] void TimerSlot::grow() {
  pieces_.push_back(std::make_unique_for_overwrite<Piece>());
  room_ += in_a_piece;
}

[[gnu::noinline]] void TimerSlot::keep(std::size_t pieces) noexcept {
  pieces_.resize(pieces);
  room_ = pieces * in_a_piece;
}

inline TimerWheel::Place TimerWheel::place_of(TimePoint when) const noexcept {
  Tick tick = tick_of(when);
  auto different = static_cast<std::uint64_t>(tick ^ horizon_);
  unsigned level = static_cast<unsigned>(std::bit_width(different | 1) - 1) / bits;
  return {level, static_cast<unsigned>(tick >> level * bits & 63)};
}

TimerWheel::Tick TimerWheel::first() const noexcept {
  int level = 0;
  while (levels_[level].occupied == 0) ++level;
  int number = std::countr_zero(levels_[level].occupied);
  const TimerSlot& slot = levels_[level].slots[number];
  if (level != 0 && slot.size() <= few) {  // looked at, they need not be moved from level to level
    Tick first = tick_of(slot[0]->deadline);
    for (std::size_t i = 1; i < slot.size(); ++i) first = std::min(first, tick_of(slot[i]->deadline));
    return first;
  }
  Tick above = horizon_ >> (level + 1) * bits << (level + 1) * bits;
  return above | Tick{number} << level * bits;
}

void TimerWheel::insert(Timer& timer) {
  auto [level, number] = place_of(timer.deadline);
  TimerSlot& slot = levels_[level].slots[number];
  slot.push_back(timer);
  levels_[level].occupied |= std::uint64_t{1} << number;
  timer.put(Timer::in_wheel, slot.size() - 1);
}

// The last one of the slot takes its place.
void TimerWheel::remove(Timer& timer) noexcept {
  auto [level, number] = place_of(timer.deadline);
  TimerSlot& slot = levels_[level].slots[number];
  std::size_t index = timer.index();
  if (index != slot.size() - 1) {
    slot[index] = slot.back();
    slot[index]->put(Timer::in_wheel, index);
  }
  slot.pop_back();
  if (slot.size() == 0) levels_[level].occupied &= ~(std::uint64_t{1} << number);
}

std::uint64_t TimerWheel::pass(int level, Tick from, Tick to) noexcept {
  bool same_above = (to ^ from) >> (level + 1) * bits == 0;
  // Up to the slot in which the new horizon lies; on level 0 without it.
  int end = same_above ? static_cast<int>(to >> level * bits & 63) + (level != 0) : 64;
  std::uint64_t passed = levels_[level].occupied & slots_before(end);
  levels_[level].occupied &= ~passed;
  return passed;
}

}  // namespace heed::detail

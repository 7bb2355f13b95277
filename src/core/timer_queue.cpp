#include "heed/core/timer_queue.hpp"

#include <algorithm>

#include "core/timer_wheel.hpp"

namespace heed::detail {

namespace {
constexpr std::size_t children = 4;
}

void TimerQueue::sift_up(std::size_t index, const Entry& entry) noexcept {
  while (index != 0) {
    std::size_t parent = (index - 1) / children;
    if (!entry.before(heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, entry);
}

void TimerQueue::sift_down(std::size_t index, const Entry& entry) noexcept {
  for (std::size_t first = index * children + 1; first < heap_.size(); first = index * children + 1) {
    std::size_t end = std::min(first + children, heap_.size());
    std::size_t soonest = first;
    for (std::size_t child = first + 1; child < end; ++child)
      if (heap_[child].before(heap_[soonest])) soonest = child;
    if (!heap_[soonest].before(entry)) break;
    place(index, heap_[soonest]);
    index = soonest;
  }
  place(index, entry);
}

TimerQueue::TimerQueue() noexcept = default;
TimerQueue::~TimerQueue() = default;

TimePoint TimerQueue::soonest() noexcept {
  fetch_soonest();
  return heap_.front().when;
}

inline void TimerQueue::push(Timer& timer) {
  Entry entry{timer.deadline_, sequence_++, &timer};
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
}

void TimerQueue::arm(Timer& timer, TimePoint when) {
  timer.deadline_ = when;
  if (in_wheel_ != 0 || heap_.size() >= enough_for_heap) [[unlikely]]
    return arm_among_many(timer);
  push(timer);
}

[[gnu::noinline]] void TimerQueue::arm_among_many(Timer& timer) {
  if (heap_.capacity() == size()) heap_.reserve(2 * size());
  if (!belongs_to_wheel(timer.deadline_)) return push(timer);
  timer.index_ = Timer::in_wheel;
  wheel_->insert(timer);
  ++in_wheel_;
}

// While one is in the wheel, all that could have the same deadline go there, behind it.
bool TimerQueue::belongs_to_wheel(TimePoint when) {
  if (in_wheel_ == 0) {
    TimerWheel::Tick horizon = std::max<TimerWheel::Tick>(0, TimerWheel::tick_of(last_expiry_) + 1);
    if (wheel_) {
      wheel_->set_horizon(horizon);
    } else {
      wheel_ = std::make_unique<TimerWheel>(horizon);
    }
  }
  return TimerWheel::tick_of(when) >= wheel_->horizon();
}

// From the wheel into the heap what is due before this tick.
void TimerQueue::fetch_before(TimerWheel::Tick tick) noexcept {
  if (in_wheel_ == 0 || tick <= wheel_->horizon()) return;
  ReadyQueue taken;
  wheel_->advance(tick, taken);
  while (Runnable* runnable = taken.pop()) {
    auto& timer = static_cast<Timer&>(*runnable);
    if (TimerWheel::tick_of(timer.deadline_) >= tick) {
      wheel_->insert(timer);
    } else {
      push(timer);
      --in_wheel_;
    }
  }
}

void TimerQueue::erase(std::size_t index) noexcept {
  heap_[index].timer->index_ = Timer::unarmed;
  Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index != 0 && last.before(heap_[(index - 1) / children])) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

void TimerQueue::disarm(Timer& timer) noexcept {
  if (timer.index_ == Timer::in_wheel) return leave_wheel(timer);
  if (timer.armed()) erase(timer.index_);
}

[[gnu::noinline]] void TimerQueue::leave_wheel(Timer& timer) noexcept {
  wheel_->remove(timer);
  timer.index_ = Timer::unarmed;
  --in_wheel_;
}

Timer* TimerQueue::pop_from_heap() noexcept {
  Timer* timer = heap_.front().timer;
  erase(0);
  return timer;
}

// Moves the horizon behind it, and so ahead of the time: what is set until then goes into the heap.
void TimerQueue::fetch_soonest() noexcept {
  while (in_wheel_ != 0 && (heap_.empty() || TimerWheel::tick_of(heap_.front().when) >= wheel_->first()))
    fetch_before(wheel_->first() + 1);
}

Timer* TimerQueue::pop() noexcept {
  if (empty()) return nullptr;
  fetch_soonest();
  return pop_from_heap();
}

void TimerQueue::expire(TimePoint now, ReadyQueue& ready) noexcept {
  last_expiry_ = now;
  fetch_before(TimerWheel::tick_of(now) + 1);
  while (!heap_.empty() && heap_.front().when <= now) ready.push(*pop_from_heap());
}

}  // namespace heed::detail

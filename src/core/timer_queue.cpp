#include "heed/core/timer_queue.hpp"

#include <algorithm>
#include <new>

#include "core/timer_wheel.hpp"

namespace heed::detail {

namespace {
constexpr std::size_t children = 4;
}  // namespace

// --- the line --------------------------------------------------------------------------------------------------------

// The places of what was taken or removed are given up when they are as many as the others: so twice as much room is
// enough.
void TimerLine::begin_adding() noexcept {
  if (2 * live_ > entries_.size()) return;
  auto gone = [](const TimerEntry& entry) { return !entry.timer; };
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  std::erase_if(entries_, gone);
  first_ = 0;
  sorted_ = entries_.size();
  number_from(0);
}

void TimerLine::sort_added() noexcept {
  auto before = [](const TimerEntry& one, const TimerEntry& other) { return one.before(other); };
  auto added = entries_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  if (!std::is_sorted(added, entries_.end(), before)) std::sort(added, entries_.end(), before);
  number_from(sorted_);
  sorted_ = entries_.size();
}

void TimerLine::number_from(std::size_t index) noexcept {
  for (std::size_t i = index; i < entries_.size(); ++i) {
    if (i + fetched_ahead < entries_.size()) __builtin_prefetch(&entries_[i + fetched_ahead].timer->place_, 1);
    entries_[i].timer->put(Timer::in_line, i);
  }
}

// What is left begins with a timer.
void TimerLine::skip_removed() noexcept {
  if (live_ == 0) {
    entries_.clear();
    first_ = sorted_ = 0;
  } else {
    while (!entries_[first_].timer) ++first_;
  }
}

Timer& TimerLine::pop_front() noexcept {
  if (first_ + fetched_ahead < entries_.size()) __builtin_prefetch(entries_[first_ + fetched_ahead].timer, 1);
  Timer& timer = *entries_[first_++].timer;
  --live_;
  skip_removed();
  timer.leave();
  return timer;
}

void TimerLine::remove(Timer& timer) noexcept {
  entries_[timer.index()].timer = nullptr;
  --live_;
  skip_removed();
  timer.leave();
}

// --- the heap --------------------------------------------------------------------------------------------------------

void TimerQueue::sift_up(std::size_t index, const TimerEntry& entry) noexcept {
  while (index != 0) {
    std::size_t parent = (index - 1) / children;
    if (!entry.before(heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, entry);
}

void TimerQueue::sift_down(std::size_t index, const TimerEntry& entry) noexcept {
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

inline void TimerQueue::push(const TimerEntry& entry) {
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
}

void TimerQueue::erase(std::size_t index) noexcept {
  heap_[index].timer->leave();
  TimerEntry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index != 0 && last.before(heap_[(index - 1) / children])) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

Timer& TimerQueue::pop_from_heap() noexcept {
  Timer* timer = heap_.front().timer;
  erase(0);
  return *timer;
}

// --- all of them -----------------------------------------------------------------------------------------------------

TimerQueue::TimerQueue() noexcept = default;
TimerQueue::~TimerQueue() = default;

TimePoint TimerQueue::soonest() noexcept {
  fetch_soonest();
  return line_is_first() ? line_.front().when : heap_.front().when;
}

void TimerQueue::arm(Timer& timer, TimePoint when) {
  timer.deadline = when;
  timer.sequence = sequence_;
  if (in_wheel_ != 0 || size_ >= enough_for_heap) [[unlikely]]
    return arm_among_many(timer);
  arm_in_heap(timer);
}

[[gnu::noinline]] void TimerQueue::arm_among_many(Timer& timer) {
  if (size_ >= room_) [[unlikely]]
    make_room();
  if (in_wheel_ == 0) [[unlikely]]
    prepare_wheel();
  if (TimerWheel::tick_of(timer.deadline) < wheel_->horizon()) [[unlikely]]
    return arm_in_heap(timer);
  wheel_->insert(timer);
  ++in_wheel_;
  ++sequence_;
  ++size_;
}

[[gnu::noinline]] void TimerQueue::arm_in_heap(Timer& timer) {
  push(TimerEntry(timer));
  ++sequence_;
  ++size_;
}

// What leaves the wheel needs no memory then.
[[gnu::noinline]] void TimerQueue::make_room() {
  if (size_ >= most) throw std::bad_alloc();
  std::size_t room = std::min(2 * size_, most);
  heap_.reserve(room);
  line_.make_room_for(room);
  room_ = room;
}

// The horizon of an empty wheel may go back, if nothing is in the line that what is set from now on might come before.
[[gnu::noinline]] void TimerQueue::prepare_wheel() {
  TimerWheel::Tick horizon = std::max<TimerWheel::Tick>(0, TimerWheel::tick_of(last_expiry_) + 1);
  if (!wheel_) {
    wheel_ = std::make_unique<TimerWheel>(horizon);
  } else if (line_.empty()) {
    wheel_->set_horizon(horizon);
  }
}

// From the wheel into the line what is due before this tick.
void TimerQueue::fetch_before(TimerWheel::Tick tick) noexcept {
  if (in_wheel_ == 0 || tick <= wheel_->horizon()) return;
  line_.begin_adding();
  wheel_->advance(tick, [&](Timer& timer) {
    if (TimerWheel::tick_of(timer.deadline) >= tick) {
      try {
        return wheel_->insert(timer);
      } catch (const std::bad_alloc&) {
        push(TimerEntry(timer));
      }
    } else {
      line_.add(TimerEntry(timer));
    }
    --in_wheel_;
  });
  line_.sort_added();
}

void TimerQueue::disarm(Timer& timer) noexcept {
  if (!timer.armed()) return;
  --size_;
  if (timer.where() != Timer::in_heap) [[unlikely]]
    return disarm_among_many(timer);
  erase(timer.index());
}

[[gnu::noinline]] void TimerQueue::disarm_among_many(Timer& timer) noexcept {
  if (timer.where() == Timer::in_line) return line_.remove(timer);
  wheel_->remove(timer);
  timer.leave();
  --in_wheel_;
}

// Moves the horizon behind it, and so ahead of the time: what is set until then goes into the heap.
void TimerQueue::fetch_soonest() noexcept {
  while (in_wheel_ != 0) {
    TimerWheel::Tick next = wheel_->first();
    if (!line_.empty() && TimerWheel::tick_of(line_.front().when) < next) return;
    if (!heap_.empty() && TimerWheel::tick_of(heap_.front().when) < next) return;
    fetch_before(next + 1);
  }
}

inline Timer& TimerQueue::take_soonest() noexcept {
  --size_;
  return line_is_first() ? line_.pop_front() : pop_from_heap();
}

Timer* TimerQueue::pop() noexcept {
  if (empty()) return nullptr;
  fetch_soonest();
  return &take_soonest();
}

void TimerQueue::expire(TimePoint now, ReadyQueue& ready) noexcept {
  last_expiry_ = now;
  fetch_before(TimerWheel::tick_of(now) + 1);
  while ((!heap_.empty() && heap_.front().when <= now) || (!line_.empty() && line_.front().when <= now))
    ready.push(take_soonest());
}

}  // namespace heed::detail

#include "heed/core/timer_queue.hpp"

#include <algorithm>

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

void TimerQueue::arm(Timer& timer, TimePoint when) {
  Entry entry{when, sequence_++, &timer};
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
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
  if (timer.armed()) erase(timer.index_);
}

Timer* TimerQueue::pop() noexcept {
  if (heap_.empty()) return nullptr;
  Timer* timer = heap_.front().timer;
  erase(0);
  return timer;
}

void TimerQueue::expire(TimePoint now, ReadyQueue& ready) noexcept {
  while (!heap_.empty() && heap_.front().when <= now) ready.push(*pop());
}

}  // namespace heed::detail

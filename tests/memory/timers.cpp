#include "memory/timers.hpp"

#include <cstdint>
#include <memory>
#include <new>

#include "heed/core/timer_queue.hpp"
#include "memory/failing_memory.hpp"

namespace heed::test {

namespace {

struct TestTimer final : detail::Timer {
  void run(detail::LoopCore&) override {}
  TimePoint when;
  bool set = false;
};

constexpr std::size_t count = 2000;  // most of them in the wheel

// In pairs of equal ones, from milliseconds to hours away.
TimePoint deadline(std::size_t i) noexcept {
  std::uint64_t scrambled = (i / 2 + 1) * 0x9E3779B97F4A7C15u;
  return TimePoint(std::chrono::nanoseconds(scrambled >> (20 + i / 2 % 20)));
}

// Those that could be set come, each once and in order.
const char* expire_all(detail::TimerQueue& queue, std::size_t set) noexcept {
  detail::ReadyQueue ready;
  const TestTimer* last = nullptr;
  while (!queue.empty()) {
    queue.expire(queue.soonest(), ready);
    while (detail::Runnable* runnable = ready.pop()) {
      auto* timer = static_cast<TestTimer*>(runnable);
      if (!timer->set) return "a timer came twice, or without having been set";
      timer->set = false;
      --set;
      if (last && (timer->when < last->when || (timer->when == last->when && timer < last))) return "a timer came late";
      last = timer;
    }
  }
  return set == 0 ? nullptr : "a timer did not come";
}

}  // namespace

const char* run_timers(std::size_t n, bool for_good) noexcept {
  static TestTimer timers[count];
  detail::TimerQueue queue;
  FailingMemory memory(n, for_good);
  std::size_t set = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TestTimer& timer = timers[i];
    timer.when = deadline(i);
    std::size_t size = queue.size();
    try {
      queue.arm(timer, timer.when);
      timer.set = true;
      ++set;
    } catch (const std::bad_alloc&) {
      if (timer.armed() || queue.size() != size) return "a timer was set although there was no memory for it";
    }
  }
  for (std::size_t i = 0; i < count; i += 7) {
    if (!timers[i].set) continue;
    queue.disarm(timers[i]);
    timers[i].set = false;
    --set;
  }
  return expire_all(queue, set);
}

}  // namespace heed::test

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

constexpr std::size_t count = 2044;  // most of them in the wheel

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

// Short timeouts beside one far-off timer, nearly all of them cancelled: those of a tick are fetched while those of the
// tick before are still known. As many as just fit into the room that the queue made.
const char* churn(TestTimer* timers) noexcept {
  constexpr auto tick = std::chrono::nanoseconds(1 << 23);
  detail::TimerQueue queue;
  detail::ReadyQueue ready;
  TestTimer anchor;
  TimePoint now = TimePoint(1'000'000 * tick);
  queue.expire(now, ready);
  try {  // into the wheel, where few timers would not go
    for (std::size_t i = 0; i < 300; ++i) queue.arm(timers[i], now + 1'000'000 * tick);
    queue.arm(anchor, now + 1'000'000 * tick);
  } catch (const std::bad_alloc&) {
  }
  for (std::size_t i = 0; i < 300; ++i) queue.disarm(timers[i]);
  std::size_t round = 0;
  for (std::size_t at_once : {1018, 1020, 1022}) {
    TestTimer* these = timers + round++ % 2 * (count / 2);
    for (std::size_t i = 0; i < at_once; ++i) {
      queue.disarm(these[i]);
      try {
        queue.arm(these[i], now + tick + tick / 2 + std::chrono::nanoseconds(i));
      } catch (const std::bad_alloc&) {
      }
    }
    now += tick;
    queue.expire(now, ready);
    for (std::size_t i = 1; i < at_once; ++i) queue.disarm(these[i]);
  }
  for (std::size_t i = 0; i < count; ++i) queue.disarm(timers[i]);
  queue.disarm(anchor);
  return queue.empty() ? nullptr : "a timer was left";
}

}  // namespace

const char* run_timers(std::size_t n, bool for_good) noexcept {
  static TestTimer timers[count];
  FailingMemory memory(n, for_good);
  detail::TimerQueue queue;
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
  if (const char* problem = expire_all(queue, set)) return problem;
  return churn(timers);
}

}  // namespace heed::test

// The ready queue and the queue of deadlines.
#include <algorithm>
#include <memory>
#include <random>

#include "heed/core/runnable.hpp"
#include "heed/core/timer_queue.hpp"
#include "micro.hpp"

namespace {

using namespace heed;
using namespace heed::detail;

struct Nothing final : Timer {
  void run(LoopCore&) override {}
};

void ready_push_and_pop(benchmark::State& state) {
  auto count = static_cast<std::size_t>(state.range(0));
  auto all = std::make_unique<Nothing[]>(count);
  ReadyQueue queue;
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) queue.push(all[i]);
    for (std::size_t i = 0; i < count; ++i) benchmark::DoNotOptimize(queue.pop());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ready_push_and_pop)->Name("ready_queue/push_and_pop")->Arg(1)->Arg(1000);

// So many timers are outstanding, at random.
class Outstanding {
 public:
  explicit Outstanding(std::size_t count) : timers(std::make_unique<Nothing[]>(count)), random(42) {
    for (std::size_t i = 0; i < count; ++i) queue.arm(timers[i], someday());
  }
  TimePoint someday() { return TimePoint(std::chrono::microseconds(delay(random))); }

  TimerQueue queue;
  std::unique_ptr<Nothing[]> timers;

 private:
  std::mt19937 random;
  std::uniform_int_distribution<std::int64_t> delay{1, 1'000'000};
};

// One more is set and cancelled.
void timer_insert_and_cancel(benchmark::State& state) {
  Outstanding outstanding(static_cast<std::size_t>(state.range(0)));
  std::vector<TimePoint> when(1024);
  for (TimePoint& each : when) each = outstanding.someday();
  Nothing timer;
  std::size_t i = 0;
  for (auto _ : state) {
    outstanding.queue.arm(timer, when[i++ % when.size()]);
    outstanding.queue.disarm(timer);
  }
}
BENCHMARK(timer_insert_and_cancel)->Name("timer_queue/insert_and_cancel")->RangeMultiplier(10)->Range(10, 1'000'000);

// The soonest expires and is set again, later than all others.
void timer_expire_and_insert(benchmark::State& state) {
  Outstanding outstanding(static_cast<std::size_t>(state.range(0)));
  ReadyQueue ready;
  for (auto _ : state) {
    TimePoint now = outstanding.queue.soonest();
    outstanding.queue.expire(now, ready);
    while (Runnable* runnable = ready.pop()) {
      outstanding.queue.arm(static_cast<Nothing&>(*runnable), now + std::chrono::seconds(1));
    }
  }
}
BENCHMARK(timer_expire_and_insert)->Name("timer_queue/expire_and_insert")->RangeMultiplier(10)->Range(10, 1'000'000);

}  // namespace

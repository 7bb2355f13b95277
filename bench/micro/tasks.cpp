// Tasks, calls, futures and callbacks.
#include <thread>

#include "micro.hpp"

namespace {

using namespace heed;

[[gnu::noinline]] Coro<int> child(int i) { co_return i; }

Coro<> create_and_await(benchmark::State& state) {
  for (auto _ : state) {
    Task<int> task = create_task(child(1));
    benchmark::DoNotOptimize(co_await task);
  }
}
BENCHMARK(in_loop<create_and_await>)->Name("task/create_and_await");

Coro<> create_and_await_thousand(benchmark::State& state) {
  std::vector<Task<int>> batch;
  batch.reserve(1000);
  for (auto _ : state) {
    batch.clear();
    for (int i = 0; i < 1000; ++i) batch.push_back(create_task(child(i)));
    for (Task<int>& task : batch) benchmark::DoNotOptimize(co_await task);
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(in_loop<create_and_await_thousand>)->Name("task/create_and_await_thousand");

Coro<> yields(const bool& over) {
  while (!over) co_await yield_now();
}
Coro<> switches(benchmark::State& state) {
  bool over = false;
  Task<> other = create_task(yields(over));
  for (auto _ : state) co_await yield_now();
  over = true;
  co_await other;
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(in_loop<switches>)->Name("task/yield_of_two");

Coro<> call(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(co_await child(1));
}
BENCHMARK(in_loop<call>)->Name("coro/await_of_a_complete_child");

Coro<> future_that_is_set(benchmark::State& state) {
  EventLoop& loop = running_loop();
  for (auto _ : state) {
    Future<int> future = loop.create_future<int>();
    future.set_result(1);
    benchmark::DoNotOptimize(co_await future);
  }
}
BENCHMARK(in_loop<future_that_is_set>)->Name("future/set_then_awaited");

Coro<> future_by_callback(benchmark::State& state) {
  EventLoop& loop = running_loop();
  for (auto _ : state) {
    Future<int> future = loop.create_future<int>();
    loop.call_soon([&future] { future.set_result(1); });
    benchmark::DoNotOptimize(co_await future);
  }
}
BENCHMARK(in_loop<future_by_callback>)->Name("future/awaited_then_set_by_callback");

Coro<> soon(benchmark::State& state) {
  EventLoop& loop = running_loop();
  long called = 0;
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) loop.call_soon([&called] { ++called; });
    co_await yield_now();
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(in_loop<soon>)->Name("loop/call_soon_of_100");

Coro<> timer_set_and_cancelled(benchmark::State& state) {
  EventLoop& loop = running_loop();
  for (auto _ : state) {
    TimerHandle handle = loop.call_later(std::chrono::seconds(10), [] {});
    handle.cancel();
  }
  co_return;
}
BENCHMARK(in_loop<timer_set_and_cancelled>)->Name("loop/call_later_and_cancel");

// Posted and run on one thread: what a post costs without another core.
Coro<> soon_threadsafe(benchmark::State& state) {
  EventLoop& loop = running_loop();
  for (auto _ : state) {
    Future<void> done = loop.create_future<void>();
    for (int i = 1; i < 100; ++i) loop.call_soon_threadsafe([] {});
    loop.call_soon_threadsafe([&done] { done.set_result(); });
    co_await done;
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(in_loop<soon_threadsafe>)->Name("loop/call_soon_threadsafe_of_100");

}  // namespace

// Queues and locks.
#include "micro.hpp"

namespace {

using namespace heed;

Coro<> put_and_get(benchmark::State& state) {
  Queue<long> queue;
  for (auto _ : state) {
    co_await queue.put(1);
    benchmark::DoNotOptimize(co_await queue.get());
  }
}
BENCHMARK(in_loop<put_and_get>)->Name("queue/put_and_get_without_waiting");

Coro<> endless(Queue<long>& queue) {
  for (long i = 0;; ++i) co_await queue.put(i);
}
Coro<> between_tasks(benchmark::State& state) {
  Queue<long> queue(static_cast<std::ptrdiff_t>(state.range(0)));
  Task<> producer = create_task(endless(queue));
  for (auto _ : state) benchmark::DoNotOptimize(co_await queue.get());
  producer.cancel();
  co_await as_result(producer);
}
BENCHMARK(in_loop<between_tasks>)->Name("queue/between_two_tasks")->Arg(1)->Arg(100);

Coro<> free_lock(benchmark::State& state) {
  Lock lock;
  for (auto _ : state) {
    co_await lock.acquire();
    lock.release();
  }
}
BENCHMARK(in_loop<free_lock>)->Name("lock/free");

Coro<> contend(Lock& lock, const bool& over) {
  while (!over) {
    auto guard = co_await lock.scoped();
    co_await yield_now();
  }
}
Coro<> contended_lock(benchmark::State& state) {
  Lock lock;
  bool over = false;
  Task<> other = create_task(contend(lock, over));
  for (auto _ : state) {
    auto guard = co_await lock.scoped();
    co_await yield_now();
  }
  over = true;
  co_await other;
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(in_loop<contended_lock>)->Name("lock/of_two_tasks");

}  // namespace

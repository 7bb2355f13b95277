// heed's side of the comparison: the workloads of ../README.md, the same in every peer's program.
#include <heed/heed.hpp>

#include <memory>
#include <thread>

#include "../common/bench.hpp"

namespace {

using bench::keep;
using bench::N;
using bench::report;
using bench::Timer;
using namespace heed;

[[gnu::noinline]] Coro<int> child(int i) { co_return i; }
[[gnu::noinline]] Coro<int> child_yield(int i) {
  co_await yield_now();
  co_return i;
}

// --- W1: a task created and awaited --------------------------------------------------------------------------------

Coro<> spawn_join(long n) {
  long sum = 0;
  std::vector<Task<int>> batch;
  batch.reserve(1000);
  for (long b = 0; b < n / 1000; ++b) {
    batch.clear();
    for (int i = 0; i < 1000; ++i) batch.push_back(create_task(child(i)));
    for (Task<int>& task : batch) sum += co_await task;
  }
  keep(sum);
}

// --- W2: a switch ----------------------------------------------------------------------------------------------------

Coro<> yielder(long n) {
  for (long i = 0; i < n; ++i) co_await yield_now();
}
Coro<> yielders(int tasks, long n) {
  std::vector<Task<>> all;
  for (int i = 0; i < tasks; ++i) all.push_back(create_task(yielder(n)));
  for (Task<>& task : all) co_await task;
}

// --- W3: a call ----------------------------------------------------------------------------------------------------

[[gnu::noinline]] Coro<int> deep(int depth) {
  if (depth <= 1) co_return 1;
  co_return 1 + co_await deep(depth - 1);
}
Coro<> calls(long n, int depth) {
  for (long i = 0; i < n; ++i) keep(co_await deep(depth));
}

// --- W4: timers ----------------------------------------------------------------------------------------------------

Coro<> sleeper(std::uint32_t us) { co_await sleep(std::chrono::microseconds(us)); }
Coro<> sleepers(const std::vector<std::uint32_t>& delays) {
  std::vector<Task<>> all;
  all.reserve(delays.size());
  for (std::uint32_t us : delays) all.push_back(create_task(sleeper(us)));
  for (Task<>& task : all) co_await task;
}

// --- W5: gather ----------------------------------------------------------------------------------------------------

Coro<> gathers(long repeats, int width) {
  for (long r = 0; r < repeats; ++r) {
    std::vector<Coro<int>> children;
    children.reserve(static_cast<std::size_t>(width));
    for (int i = 0; i < width; ++i) children.push_back(child_yield(i));
    std::vector<int> values = co_await gather(std::move(children));
    keep(values[0]);
  }
}

// --- W6: failures --------------------------------------------------------------------------------------------------

struct Err : std::exception {};
[[gnu::noinline]] Coro<int> throwing(int depth) {
  if (depth <= 1) throw Err{};
  co_return 1 + co_await throwing(depth - 1);
}
[[gnu::noinline]] Coro<int> passing(int depth) {
  if (depth <= 1) throw Err{};
  co_return 1 + co_await pass(passing(depth - 1));
}
[[gnu::noinline]] Coro<int> errors(int depth) {
  if (depth <= 1) co_return -1;
  int r = co_await errors(depth - 1);
  if (r < 0) co_return r;
  co_return r + 1;
}
template <class F>
Coro<> caught(long n, int depth, F function) {
  for (long i = 0; i < n; ++i) {
    try {
      keep(co_await function(depth));
    } catch (Err&) {
    }
  }
}
Coro<> returned(long n, int depth) {
  for (long i = 0; i < n; ++i) keep(co_await errors(depth));
}
Coro<int> failing() {
  throw Err{};
  co_return 0;
}
Coro<> task_failures(long n) {
  for (long i = 0; i < n; ++i) {
    Task<int> task = create_task(failing());
    try {
      keep(co_await task);
    } catch (Err&) {
    }
  }
}

// --- W7: cancellation ----------------------------------------------------------------------------------------------

Coro<int> blocked() {
  Future<void> never = running_loop().create_future<void>();
  co_await never;
  co_return 0;
}
Coro<int> blocked_passing() {
  co_await pass(running_loop().create_future<void>());
  co_return 0;
}
// How the joiner gets to know of the cancellation.
enum class Join { by_exception, as_outcome };
template <Join join, class F>
Coro<> cancels(long n, F function) {
  long cancelled = 0;
  std::vector<Task<int>> batch;
  batch.reserve(1000);
  for (long b = 0; b < n / 1000; ++b) {
    batch.clear();
    for (int i = 0; i < 1000; ++i) batch.push_back(create_task(function()));
    co_await yield_now();
    for (Task<int>& task : batch) task.cancel();
    for (Task<int>& task : batch) {
      if constexpr (join == Join::as_outcome) {
        Outcome<int> outcome = co_await as_result(task);
        cancelled += outcome.cancelled();
      } else {
        try {
          co_await task;
        } catch (const CancelledError&) {
          ++cancelled;
        }
      }
    }
  }
  if (cancelled != n / 1000 * 1000) std::abort();
}

// --- W8: other threads ---------------------------------------------------------------------------------------------

void post_throughput() {
  long n = N(1e6), got = 0;
  EventLoop loop;
  bench::pin(0);
  Timer timer;
  std::thread poster([&] {
    bench::pin(1);
    for (long i = 0; i < n; ++i)
      loop.call_soon_threadsafe([&] {
        if (++got == n) loop.stop();
      });
  });
  loop.run_forever();
  report("W8.post_tput", static_cast<double>(n), timer);
  poster.join();
  loop.close();
}
Coro<long> answer(long i) { co_return i; }
void round_trips() {
  long n = N(100e3), sum = 0;
  EventLoop loop;
  bench::pin(0);
  Timer timer;
  std::thread asker([&] {
    bench::pin(1);
    for (long i = 0; i < n; ++i) sum += run_coroutine_threadsafe(answer(i), loop).result();
    loop.call_soon_threadsafe([&] { loop.stop(); });
  });
  loop.run_forever();
  report("W8.rtt", static_cast<double>(n), timer);
  asker.join();
  keep(sum);
  loop.close();
}

// --- W9: memory ----------------------------------------------------------------------------------------------------

Coro<> waits(Future<void>& gate) { co_await gate; }
Coro<> idle_tasks(const char* name, long n) {
  Future<void> gate = running_loop().create_future<void>();
  co_await yield_now();
  long before = bench::rss_bytes();
  for (long i = 0; i < n; ++i) create_task(waits(gate));
  co_await yield_now();
  bench::report_mem(name, n, before, bench::rss_bytes());
  std::fflush(stdout);
  _exit(0);
}

// --- W11: a bounded queue --------------------------------------------------------------------------------------------

Coro<> producer(Queue<long>& queue, long n) {
  for (long i = 0; i < n; ++i) co_await queue.put(i);
}
Coro<> consumer(Queue<long>& queue, long n) {
  long sum = 0;
  for (long i = 0; i < n; ++i) sum += co_await queue.get();
  keep(sum);
}
Coro<> queued(int capacity, long n) {
  Queue<long> queue(capacity);
  Task<> in = create_task(producer(queue, n));
  Task<> out = create_task(consumer(queue, n));
  co_await in;
  co_await out;
}

// --- W12: a lock -----------------------------------------------------------------------------------------------------

Coro<> locks_alone(long n) {
  Lock lock;
  for (long i = 0; i < n; ++i) {
    auto guard = co_await lock.scoped();
    keep(i);
  }
}
Coro<> contender(Lock& lock, long n) {
  for (long i = 0; i < n; ++i) {
    auto guard = co_await lock.scoped();
    co_await yield_now();
  }
}
Coro<> locks_contended(int tasks, long n) {
  Lock lock;
  std::vector<Task<>> all;
  for (int i = 0; i < tasks; ++i) all.push_back(create_task(contender(lock, n)));
  for (Task<>& task : all) co_await task;
}

template <class Make>
void measure(const std::string& name, double ops, Make make) {
  Timer timer;
  run(make());
  report(name.c_str(), ops, timer);
}

void timers() {
  long n = N(1e6);
  std::vector<std::uint32_t> delays = bench::sleep_us(n);
  auto ops = static_cast<double>(n);
  measure("W4.sleep1M", ops, [&] { return sleepers(delays); });
  {
    EventLoop loop;
    std::vector<TimerHandle> handles;
    handles.reserve(delays.size());
    Timer timer;
    for (std::uint32_t us : delays)
      handles.push_back(loop.call_later(std::chrono::microseconds(10'000'000 + us), [] {}));
    for (TimerHandle& handle : handles) handle.cancel();
    report("W4.timer_cancel1M", ops, timer);
    loop.close();
  }
  {
    EventLoop loop;
    Timer timer;
    for (long i = 0; i < n; ++i) {
      TimerHandle handle = loop.call_later(std::chrono::seconds(10), [] {});
      handle.cancel();
    }
    report("W4.timer_pair", ops, timer);
    loop.close();
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<bench::Workload> all = {
      {"W1.spawn_join",
       [] {
         long n = N(1e6);
         measure("W1.spawn_join", static_cast<double>(n), [=] { return spawn_join(n); });
       }},
      {"W2.yield2",
       [] {
         long n = N(10e6);
         measure("W2.yield2", static_cast<double>(n), [=] { return yielders(2, n / 2); });
       }},
      {"W2.yield10k",
       [] {
         long n = N(1000);
         measure("W2.yield10k", static_cast<double>(n) * 10000, [=] { return yielders(10000, n); });
       }},
      {"W4", timers},
      {"W5.gather1000",
       [] {
         long n = N(1000);
         measure("W5.gather1000", static_cast<double>(n) * 1000, [=] { return gathers(n, 1000); });
       }},
      {"W6.task_fail",
       [] {
         long n = N(200e3);
         measure("W6.task_fail", static_cast<double>(n), [=] { return task_failures(n); });
       }},
      {"W7.cancel",
       [] {
         long n = N(200e3);
         measure("W7.cancel", static_cast<double>(n), [=] { return cancels<Join::by_exception>(n, blocked); });
       }},
      {"W7.cancel_pass",
       [] {
         long n = N(200e3);
         measure("W7.cancel_pass", static_cast<double>(n),
                 [=] { return cancels<Join::as_outcome>(n, blocked_passing); });
       }},
      {"W8.post_tput", post_throughput},
      {"W8.rtt", round_trips},
      {"W9.mem100k", [] { run(idle_tasks("W9.mem100k", 100000)); }},
      {"W9.mem1M", [] { run(idle_tasks("W9.mem1M", 1000000)); }},
      {"W12.mutex_unc",
       [] {
         long n = N(10e6);
         measure("W12.mutex_unc", static_cast<double>(n), [=] { return locks_alone(n); });
       }},
      {"W12.mutex_cont",
       [] {
         long n = N(1e6);
         measure("W12.mutex_cont", static_cast<double>(n), [=] { return locks_contended(10, n / 10); });
       }},
  };
  for (int depth : {1, 10, 100}) {
    std::string name = "W3.depth" + std::to_string(depth);
    all.push_back({name, [=] {
                     long n = N(10e6);
                     measure(name, static_cast<double>(n), [=] { return calls(n / depth, depth); });
                   }});
  }
  for (int capacity : {1, 100}) {
    std::string name = "W11.chan" + std::to_string(capacity);
    all.push_back({name, [=] {
                     long n = N(5e6);
                     measure(name, static_cast<double>(n), [=] { return queued(capacity, n); });
                   }});
  }
  for (int depth : {1, 2, 4, 8, 16, 32}) {
    std::string name = "W6.throw_d" + std::to_string(depth);
    all.push_back({name, [=] {
                     long n = N(100e3);
                     measure(name, static_cast<double>(n), [=] { return caught(n, depth, throwing); });
                   }});
    std::string pass_name = "W6.pass_d" + std::to_string(depth);
    all.push_back({pass_name, [=] {
                     long n = N(100e3);
                     measure(pass_name, static_cast<double>(n), [=] { return caught(n, depth, passing); });
                   }});
  }
  for (int depth : {1, 8, 32}) {
    std::string name = "W6.err_d" + std::to_string(depth);
    all.push_back({name, [=] {
                     long n = N(1e6);
                     measure(name, static_cast<double>(n), [=] { return returned(n, depth); });
                   }});
  }
  return bench::run("heed", argc, argv, all);
}

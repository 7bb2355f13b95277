// How the cost of heed's operations grows with size: `heed_growth [SERIES...]`, where SERIES are prefixes of names, prints
// lines `series,size,ns`. The figure is CPU time of the process an operation, the least of several repetitions.
#include <heed/heed.hpp>

#include <sys/wait.h>
#include <algorithm>
#include <limits>
#include <memory>

#include "../common/bench.hpp"

namespace {

using bench::keep;
using bench::Timer;
using namespace heed;

constexpr int repetitions = 3;
constexpr long smallest = 10, largest = 1'000'000;
// A measurement of fewer goes through its operations several times.
constexpr long least_operations = 500'000;
long rounds_of(long size) { return std::max(1L, least_operations / size); }

double per_operation(const Timer& timer, long operations) {
  return static_cast<double>(timer.cpu()) / static_cast<double>(operations);
}

template <Coro<double> (*body)(long)>
double in_loop(long size) {
  return run(body(size));
}

// --- tasks -----------------------------------------------------------------------------------------------------------

[[gnu::noinline]] Coro<int> child(int i) {
  co_await yield_now();
  co_return i;
}

Coro<double> create_and_join(long size) {
  std::vector<Task<int>> all;
  all.reserve(static_cast<std::size_t>(size));
  long rounds = rounds_of(size), sum = 0;
  Timer timer;
  for (long r = 0; r < rounds; ++r) {
    for (long i = 0; i < size; ++i) all.push_back(create_task(child(1)));
    for (Task<int>& task : all) sum += co_await task;
    all.clear();
  }
  double ns = per_operation(timer, rounds * size);
  keep(sum);
  co_return ns;
}

Coro<> yields(const bool& over) {
  while (!over) co_await yield_now();
}
Coro<double> switches(long size) {
  bool over = false;
  std::vector<Task<>> all;
  for (long i = 0; i < size; ++i) all.push_back(create_task(yields(over)));
  co_await yield_now();
  long rounds = rounds_of(size);
  Timer timer;
  for (long r = 0; r < rounds; ++r) co_await yield_now();
  double ns = per_operation(timer, rounds * (size + 1));
  over = true;
  for (Task<>& task : all) co_await task;
  co_return ns;
}

// --- timers ----------------------------------------------------------------------------------------------------------

// The system's clock, which skips the time that the loop would sleep: no measurement waits, and the system calls that wait
// are not in the figures. All else is what it is with the loop's own clock.
class SkippingTime final : public Clock {
 public:
  TimePoint now() noexcept override { return std::chrono::steady_clock::now() + skipped_; }
  std::unique_ptr<Poller> make_poller() { return std::make_unique<SkippingPoller>(*this); }

 private:
  class SkippingPoller final : public Poller {
   public:
    explicit SkippingPoller(SkippingTime& time) : time_(time) {}
    void watch(int, Watch) override { throw std::logic_error("heed_growth has no descriptors"); }
    void forget(int) noexcept override {}
    std::size_t wait(Duration timeout, std::span<PollEvent>) override {
      if (timeout == Duration::max()) throw std::logic_error("heed_growth would sleep for ever");
      time_.skipped_ += timeout;
      return 0;
    }
    void wake() noexcept override {}

   private:
    SkippingTime& time_;
  };

  Duration skipped_{};
};

// Deadlines up to an hour ahead: even of a million hardly any two are due in the same iteration of the loop.
class RandomDelays {
 public:
  Duration next() noexcept { return std::chrono::microseconds(number() % 3'600'000'000); }
  std::size_t below(long limit) noexcept { return number() % static_cast<std::size_t>(limit); }

 private:
  std::uint64_t number() noexcept {  // splitmix64
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  std::uint64_t state_ = 42;
};

// So many timers are always set: one that expires sets another one.
struct Expiries {
  EventLoop& loop;
  long left;
  RandomDelays delays = {};
  void set() {
    loop.call_later(delays.next(), [this] {
      if (--left == 0) return loop.stop();
      set();
    });
  }
};
double expire(long size) {
  SkippingTime time;
  EventLoop loop(time.make_poller(), time);
  long operations = rounds_of(size) * size;
  Expiries expiries{loop, operations};
  for (long i = 0; i < size; ++i) expiries.set();
  Timer timer;
  loop.run_forever();
  double ns = per_operation(timer, operations);
  loop.close();
  return ns;
}

Coro<> sleeps(RandomDelays& delays, long& left, Event& over) {
  while (left > 0) {
    co_await sleep(delays.next());
    if (--left == 0) over.set();
  }
}
Coro<double> sleeping(long size) {
  RandomDelays delays;
  Event over;
  long operations = rounds_of(size) * size, left = operations;
  std::vector<Task<>> all;
  for (long i = 0; i < size; ++i) all.push_back(create_task(sleeps(delays, left, over)));
  co_await yield_now();
  Timer timer;
  co_await over.wait();
  double ns = per_operation(timer, operations);
  for (Task<>& task : all) task.cancel();
  co_await wait(all);
  co_return ns;
}
double sleep_of_tasks(long size) {
  SkippingTime time;
  EventLoop loop(time.make_poller(), time);
  double ns = loop.run_until_complete(sleeping(size));
  loop.close();
  return ns;
}

double set_and_cancel(long size) {
  EventLoop loop;
  RandomDelays delays;
  for (long i = 0; i < size; ++i) loop.call_later(delays.next(), [] {});
  long operations = rounds_of(size) * size;
  Timer timer;
  for (long i = 0; i < operations; ++i) {
    TimerHandle handle = loop.call_later(delays.next(), [] {});
    handle.cancel();
  }
  double ns = per_operation(timer, operations);
  loop.close();
  return ns;
}

double cancel_one_of_many(long size) {
  EventLoop loop;
  RandomDelays delays;
  std::vector<TimerHandle> all;
  for (long i = 0; i < size; ++i) all.push_back(loop.call_later(delays.next(), [] {}));
  long operations = rounds_of(size) * size;
  Timer timer;
  for (long i = 0; i < operations; ++i) {
    TimerHandle& one = all[delays.below(size)];
    one.cancel();
    one = loop.call_later(delays.next(), [] {});
  }
  double ns = per_operation(timer, operations);
  loop.close();
  return ns;
}

// --- waiters ---------------------------------------------------------------------------------------------------------

Coro<> waits_for(Event& event, const bool& over) {
  while (!over) co_await event.wait();
}
Coro<double> event_set(long size) {
  Event event;
  bool over = false;
  std::vector<Task<>> all;
  for (long i = 0; i < size; ++i) all.push_back(create_task(waits_for(event, over)));
  co_await yield_now();
  long rounds = rounds_of(size);
  Timer timer;
  for (long r = 0; r < rounds; ++r) {
    event.set();
    event.clear();  // who was woken returns all the same, and waits again
    co_await yield_now();
  }
  double ns = per_operation(timer, rounds * size);
  over = true;
  event.set();
  for (Task<>& task : all) co_await task;
  co_return ns;
}

// Each holder stands in line again as soon as it has released the lock.
Coro<> stands_in_line(Lock& lock, long& left, Event& over) {
  while (left > 0) {
    auto guard = co_await lock.scoped();
    if (--left == 0) over.set();
  }
}
Coro<double> lock_handed_over(long size) {
  Lock lock;
  Event over;
  long operations = rounds_of(size) * size, left = operations;
  std::vector<Task<>> all;
  co_await lock.acquire();
  for (long i = 0; i < size; ++i) all.push_back(create_task(stands_in_line(lock, left, over)));
  co_await yield_now();
  Timer timer;
  lock.release();
  co_await over.wait();
  double ns = per_operation(timer, operations);
  for (Task<>& task : all) co_await task;
  co_return ns;
}

// --- depth -----------------------------------------------------------------------------------------------------------

struct Err : std::exception {};
[[gnu::noinline]] Coro<int> deep(long depth) {
  if (depth <= 1) co_return 1;
  co_return 1 + co_await deep(depth - 1);
}
[[gnu::noinline]] Coro<int> throwing(long depth) {
  if (depth <= 1) throw Err{};
  co_return 1 + co_await throwing(depth - 1);
}
[[gnu::noinline]] Coro<int> passing(long depth) {
  if (depth <= 1) throw Err{};
  co_return 1 + co_await pass(passing(depth - 1));
}
template <Coro<int> (*chain)(long)>
Coro<double> levels(long size) {
  long rounds = rounds_of(size);
  Timer timer;
  for (long r = 0; r < rounds; ++r) {
    try {
      keep(co_await chain(size));
    } catch (const Err&) {
    }
  }
  co_return per_operation(timer, rounds * size);
}

// --- groups ----------------------------------------------------------------------------------------------------------

Coro<> children(TaskGroup& group, long size) {
  for (long i = 0; i < size; ++i) group.create_task(child(1));
  co_return;
}
Coro<> blocked() {
  Future<void> never = running_loop().create_future<void>();
  co_await never;
}
Coro<> children_cancelled(TaskGroup& group, long size) {
  for (long i = 0; i < size; ++i) group.create_task(blocked());
  co_await yield_now();
  group.cancel();
}
template <Coro<> (*block)(TaskGroup&, long)>
Coro<double> grouped(long size) {
  auto body = [size](TaskGroup& group) { return block(group, size); };
  long rounds = rounds_of(size);
  Timer timer;
  for (long r = 0; r < rounds; ++r) co_await task_group(body);
  co_return per_operation(timer, rounds * size);
}

Coro<double> gathered(long size) {
  long rounds = rounds_of(size);
  Timer timer;
  for (long r = 0; r < rounds; ++r) {
    std::vector<Coro<int>> all;
    all.reserve(static_cast<std::size_t>(size));
    for (long i = 0; i < size; ++i) all.push_back(child(1));
    std::vector<int> values = co_await gather(std::move(all));
    keep(values[0]);
  }
  co_return per_operation(timer, rounds * size);
}

// --- the program -----------------------------------------------------------------------------------------------------

struct Series {
  const char* name;
  double (*measure)(long size);  // nanoseconds an operation
};
constexpr Series all_series[] = {
    {"tasks.join", in_loop<create_and_join>},
    {"tasks.switch", in_loop<switches>},
    {"timers.expire", expire},
    {"timers.sleep", sleep_of_tasks},
    {"timers.cancel", set_and_cancel},
    {"timers.replace", cancel_one_of_many},
    {"waiters.event", in_loop<event_set>},
    {"waiters.lock", in_loop<lock_handed_over>},
    {"depth.await", in_loop<levels<deep>>},
    {"depth.throw", in_loop<levels<throwing>>},
    {"depth.pass", in_loop<levels<passing>>},
    {"groups.group", in_loop<grouped<children>>},
    {"groups.gather", in_loop<gathered>},
    {"groups.cancel", in_loop<grouped<children_cancelled>>},
};

bool begins(const Series& series, const char* prefix) { return std::string(series.name).rfind(prefix, 0) == 0; }

// In a process of its own: no measurement finds the memory as another one left it. Whether it succeeded.
bool measure_apart(const Series& series, long size) {
  std::fflush(stdout);
  pid_t process = fork();
  if (process == 0) {
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < repetitions; ++i) least = std::min(least, series.measure(size));
    std::printf("%s,%ld,%.2f\n", series.name, size, least);
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  if (process > 0 && waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return true;
  std::fprintf(stderr, "heed_growth: %s failed at size %ld\n", series.name, size);
  return false;
}

bool check_arguments(int argc, char** argv) {
  bool good = true;
  for (int i = 1; i < argc; ++i) {
    if (std::any_of(std::begin(all_series), std::end(all_series), [&](const Series& s) { return begins(s, argv[i]); }))
      continue;
    std::fprintf(stderr, "heed_growth: no series begins with '%s'\n", argv[i]);
    good = false;
  }
  if (good) return true;
  std::fputs("usage: heed_growth [SERIES...], each the beginning of one of these names:\n", stderr);
  for (const Series& series : all_series) std::fprintf(stderr, "  %s\n", series.name);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (!check_arguments(argc, argv)) return 2;
  bool good = true;
  std::puts("series,size,ns");
  for (const Series& series : all_series) {
    auto chosen = [&](const char* prefix) { return begins(series, prefix); };
    if (argc > 1 && std::none_of(argv + 1, argv + argc, chosen)) continue;
    for (long size = smallest; size <= largest; size *= 10) good = measure_apart(series, size) && good;
  }
  return good ? 0 : 1;
}

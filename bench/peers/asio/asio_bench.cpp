// Boost.Asio's side of the comparison.
// -DFAST: typed io_context executor, deferred completion token and BOOST_ASIO_CONCURRENCY_HINT_UNSAFE (no locking; not used in W8).
#include <boost/asio.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/experimental/promise.hpp>
#include <boost/asio/experimental/use_promise.hpp>
#include <deque>
#include <future>
#include <thread>

#include "../../common/bench.hpp"
namespace net = boost::asio;
using error_code = boost::system::error_code;
#define HINT_UNSAFE BOOST_ASIO_CONCURRENCY_HINT_UNSAFE
namespace ex = net::experimental;
using bench::keep;
using bench::N;
using bench::report;
using bench::Timer;
#define NOINLINE __attribute__((noinline))
#ifdef FAST
using Ex = net::io_context::executor_type;
#define HINT HINT_UNSAFE
static constexpr net::deferred_t tok = net::deferred;
#else
using Ex = net::any_io_executor;
#define HINT 1
static const net::use_awaitable_t<Ex> tok{};
#endif
template <class T>
using aw = net::awaitable<T, Ex>;
using timer_t_ = net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>, Ex>;
using ep = std::exception_ptr;

NOINLINE static aw<int> child(int i) { co_return i; }
NOINLINE static aw<int> child_yield(Ex e, int i) {
  co_await net::post(e, tok);
  co_return i;
}
template <class F>
static void block(F f, int hint = HINT) {
  net::io_context c(hint);
  ep err;
  net::co_spawn(c.get_executor(), f(Ex(c.get_executor())), [&](ep e) { err = e; });
  c.run();
  if (err) std::rethrow_exception(err);
}

static aw<void> w1(Ex e, long n) {
  long s = 0;
  using P = decltype(net::co_spawn(e, child(1), ex::use_promise));
  std::vector<P> v;
  v.reserve(1000);
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) v.push_back(net::co_spawn(e, child(i), ex::use_promise));
    for (auto& p : v) {
      s += co_await p(net::use_awaitable_t<Ex>{});
    }
  }
  keep(s);
}
static aw<void> yielder(Ex e, long n) {
  for (long i = 0; i < n; i++) co_await net::post(e, tok);
}
static aw<int> deep(int d) {
  if (d <= 1) co_return 1;
  co_return 1 + co_await deep(d - 1);
}
static aw<void> deep_loop(long n, int d) {
  for (long i = 0; i < n; i++) keep(co_await deep(d));
}
struct Err : std::exception {};
static aw<int> thr(int d) {
  if (d <= 1) throw Err{};
  co_return 1 + co_await thr(d - 1);
}
static aw<int> erv(int d) {
  if (d <= 1) co_return -1;
  int r = co_await erv(d - 1);
  if (r < 0) co_return r;
  co_return r + 1;
}
static aw<void> thr_loop(long n, int d) {
  for (long i = 0; i < n; i++) {
    try {
      keep(co_await thr(d));
    } catch (Err&) {
    }
  }
}
static aw<void> erv_loop(long n, int d) {
  for (long i = 0; i < n; i++) keep(co_await erv(d));
}
static aw<int> failt() {
  throw Err{};
  co_return 0;
}
static aw<void> task_fail(Ex e, long n) {
  for (long i = 0; i < n; i++) {
    auto p = net::co_spawn(e, failt(), ex::use_promise);
    try {
      keep(co_await p(net::use_awaitable_t<Ex>{}));
    } catch (Err&) {
    }
  }
}
static aw<void> w5(Ex e, long reps, int n) {
  using Op = decltype(net::co_spawn(e, child_yield(e, 1), net::deferred));
  for (long r = 0; r < reps; r++) {
    std::vector<Op> ops;
    ops.reserve(n);
    for (int i = 0; i < n; i++) ops.push_back(net::co_spawn(e, child_yield(e, i), net::deferred));
    auto [order, eps, vals] =
        co_await ex::make_parallel_group(std::move(ops)).async_wait(ex::wait_for_all(), net::use_awaitable_t<Ex>{});
    keep(vals[0]);
  }
}
static aw<int> blocked(Ex e) {
  timer_t_ t(e, timer_t_::time_point::max());
  co_await t.async_wait(tok);
  co_return 0;
}
static aw<void> w7(Ex e, long n) {
  using P = decltype(net::co_spawn(e, child(1), ex::use_promise));
  std::vector<P> v;
  v.reserve(1000);
  long s = 0;
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) v.push_back(net::co_spawn(e, blocked(e), ex::use_promise));
    co_await net::post(e, tok);
    co_await net::post(e, tok);
    for (auto& p : v) p.cancel();
    for (auto& p : v) {
      try {
        co_await p(net::use_awaitable_t<Ex>{});
      } catch (std::exception&) {
        s++;
      }
    }
  }
  if (s != n) fprintf(stderr, "w7: %ld of %ld cancelled\n", s, n);
}
// same, via per-task cancellation_signal and error code result in the task (as_tuple): no exception
static aw<int> blocked_ec(Ex e) {
  timer_t_ t(e, timer_t_::time_point::max());
  co_await net::this_coro::throw_if_cancelled(false);
  auto [ec] = co_await t.async_wait(net::as_tuple(net::use_awaitable_t<Ex>{}));
  co_return ec ? 1 : 0;
}
static aw<void> w7_ec(Ex e, long n) {
  using P = decltype(net::co_spawn(e, child(1), ex::use_promise));
  std::vector<P> v;
  v.reserve(1000);
  long s = 0;
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) v.push_back(net::co_spawn(e, blocked_ec(e), ex::use_promise));
    co_await net::post(e, tok);
    co_await net::post(e, tok);
    for (auto& p : v) p.cancel();
    for (auto& p : v) {
      s += co_await p(net::use_awaitable_t<Ex>{});
    }
  }
  if (s != n) fprintf(stderr, "w7_ec: %ld of %ld cancelled\n", s, n);
}
static aw<void> sleeper(Ex e, uint32_t us) {
  timer_t_ t(e, std::chrono::microseconds(us));
  co_await t.async_wait(tok);
}
using chan = ex::basic_channel<Ex, ex::channel_traits<>, void(error_code, long)>;
static aw<void> prod(chan& c, long n) {
  for (long i = 0; i < n; i++) co_await c.async_send(error_code{}, i, tok);
}
static aw<void> cons(chan& c, long n) {
  long s = 0;
  for (long i = 0; i < n; i++) s += co_await c.async_receive(tok);
  keep(s);
}
// Asio has no mutex for coroutines: the idiom for one is a channel of capacity 1.
using mchan = ex::basic_channel<Ex, ex::channel_traits<>, void(error_code)>;
static aw<void> mu_unc(Ex e, long n) {
  mchan c(e, 1);
  for (long i = 0; i < n; i++) {
    co_await c.async_send(error_code{}, tok);
    keep(i);
    c.try_receive([](auto...) {});
  }
}
static aw<void> mu_worker(Ex e, mchan& c, long n) {
  for (long i = 0; i < n; i++) {
    co_await c.async_send(error_code{}, tok);
    co_await net::post(e, tok);
    c.try_receive([](auto...) {});
  }
}

static void w4() {
  long n = N(1e6);
  auto us = bench::sleep_us(n);
  {
    net::io_context c(HINT);
    Ex e = c.get_executor();
    Timer t;
    for (long i = 0; i < n; i++) net::co_spawn(e, sleeper(e, us[i]), net::detached);
    c.run();
    report("W4.sleep1M", n, t);
  }
  {
    net::io_context c(HINT);
    Ex e = c.get_executor();
    std::deque<timer_t_> v;
    long cnt = 0;
    Timer t;
    for (long i = 0; i < n; i++) {
      v.emplace_back(e, std::chrono::microseconds(10000000 + us[i]));
      v.back().async_wait([&](error_code) { cnt++; });
    }
    for (auto& x : v) x.cancel();
    c.run();
    report("W4.timer_cancel1M", n, t);
    if (cnt != n) abort();
  }
  {
    net::io_context c(HINT);
    Ex e = c.get_executor();
    long cnt = 0;
    Timer t;
    timer_t_ x(e);
    for (long i = 0; i < n; i++) {
      x.expires_after(std::chrono::seconds(10));
      x.async_wait([&](error_code) { cnt++; });
      x.cancel();
      c.poll();
      c.restart();
    }
    report("W4.timer_pair", n, t);
    if (cnt != n) abort();
  }
}
static void w8() {
  {
    long n = N(1e6);
    net::io_context c(1);
    auto g = net::make_work_guard(c);
    static long got;
    got = 0;
    bench::pin(0);
    Timer t;
    std::thread th([&] {
      bench::pin(1);
      for (long i = 0; i < n; i++)
        net::post(c, [&] {
          if (++got == n) g.reset();
        });
    });
    c.run();
    report("W8.post_tput", n, t);
    th.join();
  }
  {
    long n = N(100e3);
    net::io_context c(1);
    auto g = net::make_work_guard(c);
    bench::pin(0);
    Timer t;
    std::thread th([&] {
      bench::pin(1);
      long s = 0;
      for (long i = 0; i < n; i++) s += net::post(c, std::packaged_task<long()>([i] { return i; })).get();
      keep(s);
      g.reset();
    });
    c.run();
    report("W8.rtt", n, t);
    th.join();
  }
}
static void mem(const char* nm, long n) {
  net::io_context c(HINT);
  Ex e = c.get_executor();
  long r0 = bench::rss_bytes();
  for (long i = 0; i < n; i++) net::co_spawn(e, blocked(e), net::detached);
  c.poll();
  long r1 = bench::rss_bytes();
  bench::report_mem(nm, n, r0, r1);
  fflush(stdout);
  _exit(0);
}

int main(int ac, char** av) {
  std::string name =
      "boost.asio"
#ifdef FAST
      "-fast"
#endif
      ;
  std::vector<bench::Workload> w = {
      {"W1.spawn_join",
       [] {
         long n = N(1e6);
         Timer t;
         block([=](Ex e) { return w1(e, n); });
         report("W1.spawn_join", n, t);
       }},
      {"W2.yield2",
       [] {
         long n = N(10e6);
         Timer t;
         net::io_context c(HINT);
         Ex e = c.get_executor();
         for (int i = 0; i < 2; i++) net::co_spawn(e, yielder(e, n / 2), net::detached);
         c.run();
         report("W2.yield2", n, t);
       }},
      {"W2.yield10k",
       [] {
         long n = N(1000);
         Timer t;
         net::io_context c(HINT);
         Ex e = c.get_executor();
         for (int i = 0; i < 10000; i++) net::co_spawn(e, yielder(e, n), net::detached);
         c.run();
         report("W2.yield10k", n * 10000, t);
       }},
      {"W4", w4},
      {"W5.gather1000",
       [] {
         long n = N(1000);
         Timer t;
         block([=](Ex e) { return w5(e, n, 1000); });
         report("W5.gather1000", n * 1000, t);
       }},
      {"W6.task_fail",
       [] {
         long n = N(200e3);
         Timer t;
         block([=](Ex e) { return task_fail(e, n); });
         report("W6.task_fail", n, t);
       }},
      {"W7.cancel",
       [] {
         long n = N(200e3);
         Timer t;
         block([=](Ex e) { return w7(e, n); });
         report("W7.cancel", n, t);
       }},
      {"W7.cancel_flag",
       [] {
         long n = N(200e3);
         Timer t;
         block([=](Ex e) { return w7_ec(e, n); });
         report("W7.cancel_flag", n, t);
       }},
      {"W8", w8},
      {"W9.mem100k", [] { mem("W9.mem100k", 100000); }},
      {"W9.mem1M", [] { mem("W9.mem1M", 1000000); }},
      {"W12.mutex_unc",
       [] {
         long n = N(10e6);
         Timer t;
         block([=](Ex e) { return mu_unc(e, n); });
         report("W12.mutex_unc", n, t);
       }},
      {"W12.mutex_cont",
       [] {
         long n = N(1e6);
         Timer t;
         net::io_context c(HINT);
         Ex e = c.get_executor();
         mchan m(e, 1);
         for (int i = 0; i < 10; i++) net::co_spawn(e, mu_worker(e, m, n / 10), net::detached);
         c.run();
         report("W12.mutex_cont", n, t);
       }},
  };
  for (int cap : {1, 100}) {
    std::string nm = "W11.chan" + std::to_string(cap);
    w.push_back({nm, [=] {
                   long n = N(5e6);
                   Timer t;
                   net::io_context c(HINT);
                   Ex e = c.get_executor();
                   chan ch(e, cap);
                   net::co_spawn(e, prod(ch, n), net::detached);
                   net::co_spawn(e, cons(ch, n), net::detached);
                   c.run();
                   report(nm.c_str(), n, t);
                 }});
  }
  for (int d : {1, 10, 100}) {
    std::string nm = "W3.depth" + std::to_string(d);
    w.push_back({nm, [=] {
                   long n = N(10e6);
                   Timer t;
                   block([=](Ex) { return deep_loop(n / d, d); });
                   report(nm.c_str(), n, t);
                 }});
  }
  for (int d : {1, 2, 4, 8, 16, 32}) {
    std::string nm = "W6.throw_d" + std::to_string(d);
    w.push_back({nm, [=] {
                   long n = N(100e3);
                   Timer t;
                   block([=](Ex) { return thr_loop(n, d); });
                   report(nm.c_str(), n, t);
                 }});
  }
  for (int d : {1, 8, 32}) {
    std::string nm = "W6.err_d" + std::to_string(d);
    w.push_back({nm, [=] {
                   long n = N(1e6);
                   Timer t;
                   block([=](Ex) { return erv_loop(n, d); });
                   report(nm.c_str(), n, t);
                 }});
  }
  return bench::run(name.c_str(), ac, av, w);
}

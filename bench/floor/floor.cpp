// What single steps cost that no runtime can do without: allocation, frames, throws, wake-ups, system calls.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <atomic>
#include <cerrno>
#include <coroutine>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>
#include "../common/bench.hpp"
using bench::keep;
using bench::N;
using bench::report;
using bench::Timer;
#define NOINLINE __attribute__((noinline))

// ---------------------------------------------------------------- allocation
struct FreeList {
  struct Node {
    Node* n;
  };
  Node* head = nullptr;
  void* get(size_t sz) {
    if (head) {
      auto* p = head;
      head = p->n;
      return p;
    }
    return ::malloc(sz);
  }
  void put(void* p) {
    auto* n = (Node*)p;
    n->n = head;
    head = n;
  }
};
static void f_malloc() {
  {
    long n = N(50e6);
    Timer t;
    for (long i = 0; i < n; i++) {
      void* p = malloc(200);
      keep(p);
      free(p);
    }
    report("F1.malloc_free_pair_200B", n, t);
  }
  {
    long n = N(20e6);
    static void* v[1000];
    Timer t;
    for (long b = 0; b < n / 1000; b++) {
      for (auto& p : v) {
        p = malloc(200);
        *(volatile char*)p = 1;
      }
      for (auto p : v) free(p);
    }
    report("F1.malloc_free_batch1000_200B", n, t);
  }
  {
    long n = N(2e6);
    std::vector<void*> v(n);
    Timer t;
    for (auto& p : v) {
      p = malloc(200);
      *(volatile char*)p = 1;
    }
    for (auto p : v) free(p);
    report("F1.malloc_free_batch2M_200B", n, t);
  }
  {
    long n = N(50e6);
    FreeList fl;
    Timer t;
    for (long i = 0; i < n; i++) {
      void* p = fl.get(200);
      keep(p);
      fl.put(p);
    }
    report("F1.freelist_pair_200B", n, t);
  }
  {
    long n = N(20e6);
    FreeList fl;
    static void* v[1000];
    Timer t;
    for (long b = 0; b < n / 1000; b++) {
      for (auto& p : v) {
        p = fl.get(200);
        *(volatile char*)p = 1;
      }
      for (auto p : v) fl.put(p);
    }
    report("F1.freelist_batch1000_200B", n, t);
  }
  {
    long n = N(20e6);
    static thread_local FreeList fl;
    static void* v[1000];
    Timer t;
    for (long b = 0; b < n / 1000; b++) {
      for (auto& p : v) {
        p = fl.get(200);
        *(volatile char*)p = 1;
      }
      for (auto p : v) fl.put(p);
    }
    report("F1.tls_freelist_batch1000_200B", n, t);
  }
}

// ---------------------------------------------------------------- coroutines
static thread_local FreeList tl_fl[32];
struct Recycle {
  static void* operator new(size_t s) {
    size_t c = (s + 63) / 64;
    if (c >= 32) return ::malloc(s);
    return tl_fl[c].get(c * 64);
  }
  static void operator delete(void* p, size_t s) {
    size_t c = (s + 63) / 64;
    if (c >= 32) {
      ::free(p);
      return;
    }
    tl_fl[c].put(p);
  }
};
struct Plain {};
// lazily started, symmetric transfer, int-returning task
template <class Alloc>
struct Task {
  struct promise_type : Alloc {
    std::coroutine_handle<> cont;
    int v;
    std::exception_ptr e;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Fin {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept { return h.promise().cont; }
      void await_resume() noexcept {}
    };
    Fin final_suspend() noexcept { return {}; }
    void return_value(int x) { v = x; }
    void unhandled_exception() { e = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> h;
  Task(std::coroutine_handle<promise_type> h) : h(h) {}
  Task(Task&& o) noexcept : h(std::exchange(o.h, nullptr)) {}
  ~Task() {
    if (h) h.destroy();
  }
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h.promise().cont = c;
    return h;
  }
  int await_resume() {
    if (h.promise().e) [[unlikely]]
      std::rethrow_exception(std::move(h.promise().e));
    return h.promise().v;
  }
};
template <class A>
NOINLINE Task<A> leaf(int x) {
  co_return x + 1;
}
template <class A>
inline Task<A> leaf_inl(int x) {
  co_return x + 1;
}
template <class A>
NOINLINE Task<A> deep(int d) {
  if (d == 0) co_return 1;
  co_return 1 + co_await deep<A>(d - 1);
}
template <class A>
NOINLINE Task<A> loop_leaf(long n) {
  int s = 0;
  for (long i = 0; i < n; i++) s += co_await leaf<A>((int)i);
  co_return s;
}
template <class A>
NOINLINE Task<A> loop_leaf_inl(long n) {
  int s = 0;
  for (long i = 0; i < n; i++) s += co_await leaf_inl<A>((int)i);
  co_return s;
}
template <class A>
NOINLINE Task<A> loop_deep(long n, int d) {
  int s = 0;
  for (long i = 0; i < n; i++) s += co_await deep<A>(d);
  co_return s;
}
struct Detached {
  struct promise_type : Recycle {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
template <class T>
Detached drive(T t) {
  keep(co_await t);
}

static void f_coro() {
  {
    long n = N(20e6);
    Timer t;
    for (long i = 0; i < n; i++) {
      auto k = leaf<Plain>(i);
      k.h.promise().cont = std::noop_coroutine();
      k.h.resume();
      keep(k.h.promise().v);
    }
    report("F2.coro_create_resume_destroy_malloc", n, t);
  }
  {
    long n = N(20e6);
    Timer t;
    for (long i = 0; i < n; i++) {
      auto k = leaf<Recycle>(i);
      k.h.promise().cont = std::noop_coroutine();
      k.h.resume();
      keep(k.h.promise().v);
    }
    report("F2.coro_create_resume_destroy_freelist", n, t);
  }
  {
    long n = N(20e6);
    Timer t;
    for (long i = 0; i < n; i++) {
      auto k = leaf_inl<Plain>(i);
      k.h.promise().cont = std::noop_coroutine();
      k.h.resume();
      keep(k.h.promise().v);
    }
    report("F2.coro_create_resume_destroy_inlinable(HALO?)", n, t);
  }
  {
    long n = N(20e6);
    Timer t;
    drive(loop_leaf<Plain>(n));
    report("F2.co_await_leaf_malloc", n, t);
  }
  {
    long n = N(20e6);
    Timer t;
    drive(loop_leaf<Recycle>(n));
    report("F2.co_await_leaf_freelist", n, t);
  }
  {
    long n = N(20e6);
    Timer t;
    drive(loop_leaf_inl<Plain>(n));
    report("F2.co_await_leaf_inlinable(HALO?)", n, t);
  }
  for (int d : {1, 10, 100}) {
    char nm[64];
    long calls = N(10e6);
    {
      snprintf(nm, 64, "F2.deep%d_malloc", d);
      Timer t;
      drive(loop_deep<Plain>(calls / d, d - 1));
      report(nm, calls, t);
    }
    {
      snprintf(nm, 64, "F2.deep%d_freelist", d);
      Timer t;
      drive(loop_deep<Recycle>(calls / d, d - 1));
      report(nm, calls, t);
    }
  }
}

// ---------------------------------------------------------------- switches
struct Co {
  struct promise_type : Recycle {
    std::coroutine_handle<promise_type> self() { return std::coroutine_handle<promise_type>::from_promise(*this); }
    promise_type* next = nullptr;
    Co get_return_object() { return {self()}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> h;
};
static std::coroutine_handle<> g_other[2];
struct Sym {
  int me;
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) noexcept {
    g_other[me] = h;
    return g_other[1 - me];
  }
  void await_resume() noexcept {}
};
static Co sym(int me, long n) {
  for (long i = 0; i < n; i++) co_await Sym{me};
}
struct IQ {
  Co::promise_type* head = nullptr;
  Co::promise_type** tail = &head;
  void push(Co::promise_type* p) {
    p->next = nullptr;
    *tail = p;
    tail = &p->next;
  }
  Co::promise_type* pop() {
    auto* p = head;
    head = p->next;
    if (!head) tail = &head;
    return p;
  }
};
static IQ g_q;
static long g_live;
struct Yield {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<Co::promise_type> h) noexcept { g_q.push(&h.promise()); }
  void await_resume() noexcept {}
};
// yield by symmetric transfer to next runnable (no return to the loop)
struct YieldSym {
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Co::promise_type> h) noexcept {
    g_q.push(&h.promise());
    return g_q.pop()->self();
  }
  void await_resume() noexcept {}
};
static Co yielder(long n) {
  for (long i = 0; i < n; i++) co_await Yield{};
  g_live--;
}
static Co yielder_sym(long n) {
  for (long i = 0; i < n; i++) co_await YieldSym{};
  g_live--;
}
template <class F>
static void yield_bench(const char* nm, long tasks, long per, F f) {
  std::vector<Co> v;
  for (long i = 0; i < tasks; i++) {
    v.push_back(f(per));
    g_q.push(&v.back().h.promise());
  }
  g_live = tasks;
  Timer t;
  while (g_live > 0) {
    auto* p = g_q.pop();
    p->self().resume();
  }
  report(nm, double(tasks) * per, t);
  for (auto& c : v) c.h.destroy();
  g_q = IQ{};
  g_q.tail = &g_q.head;
}
// vector ring of handles
struct Ring {
  std::vector<std::coroutine_handle<>> b;
  size_t h = 0, t = 0, m;
  Ring(size_t n) : b(n), m(n - 1) {}
  void push(std::coroutine_handle<> x) { b[t++ & m] = x; }
  std::coroutine_handle<> pop() { return b[h++ & m]; }
};
static Ring g_r(16384);
struct YieldR {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept { g_r.push(h); }
  void await_resume() noexcept {}
};
static Co yielder_r(long n) {
  for (long i = 0; i < n; i++) co_await YieldR{};
  g_live--;
}
static void f_switch() {
  {
    long n = N(20e6);
    auto a = sym(0, n / 2), b = sym(1, n / 2);
    g_other[0] = a.h;
    g_other[1] = b.h;
    Timer t;
    a.h.resume();
    report("F3.symmetric_transfer_switch", n, t);
    a.h.destroy();
    b.h.destroy();
  }
  {
    long n = N(20e6);
    auto a = yielder(n);
    g_live = 1;
    Timer t;
    while (g_live) {
      a.h.resume();
      g_q = IQ{};
      g_q.tail = &g_q.head;
    }
    report("F3.resume_suspend_single_noqueue", n, t);
    a.h.destroy();
  }
  yield_bench("F3.yield_intrusive_fifo_2tasks", 2, N(5e6), yielder);
  yield_bench("F3.yield_intrusive_fifo_10000tasks", 10000, N(1000), yielder);
  yield_bench("F3.yield_intrusive_symtransfer_2tasks", 2, N(5e6), yielder_sym);
  yield_bench("F3.yield_intrusive_symtransfer_10000tasks", 10000, N(1000), yielder_sym);
  for (long tasks : {2L, 10000L}) {
    long per = N(10e6) / tasks;
    std::vector<Co> v;
    for (long i = 0; i < tasks; i++) {
      v.push_back(yielder_r(per));
      g_r.push(v.back().h);
    }
    g_live = tasks;
    Timer t;
    while (g_live > 0) g_r.pop().resume();
    report(tasks == 2 ? "F3.yield_ring_of_handles_2tasks" : "F3.yield_ring_of_handles_10000tasks", double(tasks) * per,
           t);
    for (auto& c : v) c.h.destroy();
  }
}

// ---------------------------------------------------------------- exceptions
struct Err : std::exception {};
static volatile int g_sink;
NOINLINE static void thr(int d) {
  if (d == 0) throw Err{};
  thr(d - 1);
  g_sink = d;
}
struct Dtor {
  int* p;
  ~Dtor() { g_sink = *p; }
};
NOINLINE static void thr_dtor(int d) {
  int x = d;
  Dtor g{&x};
  if (d == 0) throw Err{};
  thr_dtor(d - 1);
  g_sink = d;
}
NOINLINE static void thr_rethrow(int d) {
  if (d == 0) throw Err{};
  try {
    thr_rethrow(d - 1);
  } catch (...) {
    g_sink = d;
    throw;
  }
}
NOINLINE static void thr_eptr(int d) {
  if (d == 0) throw Err{};
  std::exception_ptr e;
  try {
    thr_eptr(d - 1);
  } catch (...) {
    e = std::current_exception();
  }
  if (e) std::rethrow_exception(std::move(e));
}
NOINLINE static int err_plain(int d) {
  if (d == 0) return -1;
  int r = err_plain(d - 1);
  g_sink = d;
  return r;
}
static void rep(const char* p, int d, long n, Timer& t) {
  char nm[64];
  snprintf(nm, 64, "%s%d", p, d);
  report(nm, n, t);
}
template <class A>
NOINLINE Task<A> cthrow(int d) {
  if (d == 0) throw Err{};
  co_return 1 + co_await cthrow<A>(d - 1);
}
template <class A>
NOINLINE Task<A> cthrow_loop(long n, int d) {
  int c = 0;
  for (long i = 0; i < n; i++) {
    try {
      c += co_await cthrow<A>(d);
    } catch (Err&) {
      c++;
    }
  }
  co_return c;
}
static void f_exc() {
  {
    long n = N(300e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      try {
        throw Err{};
      } catch (Err&) {
        g_sink = 1;
      }
    }
    report("F4.throw_catch_same_frame", n, t);
  }
  for (int d : {0, 1, 2, 4, 8, 16, 32}) {
    long n = N(200e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      try {
        thr(d);
      } catch (Err&) {
      }
    }
    rep("F4.throw_through_plain_frames_d", d, n, t);
  }
  for (int d : {1, 8, 32}) {
    long n = N(200e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      try {
        thr_dtor(d);
      } catch (Err&) {
      }
    }
    rep("F4.throw_through_cleanup_frames_d", d, n, t);
  }
  for (int d : {1, 8, 32}) {
    long n = N(100e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      try {
        thr_rethrow(d);
      } catch (Err&) {
      }
    }
    rep("F4.catch_rethrow_each_frame_d", d, n, t);
  }
  for (int d : {1, 8, 32}) {
    long n = N(100e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      try {
        thr_eptr(d);
      } catch (Err&) {
      }
    }
    rep("F4.eptr_rethrow_each_frame_d", d, n, t);
  }
  for (int d : {1, 2, 4, 8, 16, 32}) {
    long n = N(100e3);
    Timer t;
    drive(cthrow_loop<Recycle>(n, d - 1));
    rep("F4.coro_throw_d", d, n, t);
  }
  {
    long n = N(300e3);
    std::exception_ptr e = std::make_exception_ptr(Err{});
    Timer t;
    for (long i = 0; i < n; i++) {
      try {
        std::rethrow_exception(e);
      } catch (Err&) {
      }
    }
    report("F4.rethrow_exception_catch", n, t);
  }
  {
    long n = N(3e6);
    Timer t;
    for (long i = 0; i < n; i++) {
      auto e = std::make_exception_ptr(Err{});
      keep(&e);
    }
    report("F4.make_exception_ptr", n, t);
  }
  {
    long n = N(30e6);
    auto e0 = std::make_exception_ptr(Err{});
    Timer t;
    for (long i = 0; i < n; i++) {
      auto e = e0;
      keep(&e);
    }
    report("F4.exception_ptr_copy", n, t);
  }
  {
    long n = N(200e3);
    Timer t;
    std::atomic<bool> stop{false};
    std::thread th([&] {
      while (!stop) {
        try {
          throw Err{};
        } catch (Err&) {
        }
      }
    });
    Timer t2;
    for (long i = 0; i < n; i++) {
      try {
        throw Err{};
      } catch (Err&) {
      }
    }
    int64_t w = t2.wall();
    stop = true;
    th.join();
    report("F4.throw_catch_while_other_thread_throws", n, double(w) / n, double(w) / n);
  }
  for (int d : {8, 32}) {
    long n = N(10e6);
    Timer t;
    for (long i = 0; i < n; i++) keep(err_plain(d));
    rep("F4.return_code_plain_frames_d", d, n, t);
  }
}

// ---------------------------------------------------------------- syscalls
static void f_sys() {
  {
    long n = N(5e6);
    Timer t;
    for (long i = 0; i < n; i++) keep(syscall(SYS_getppid));
    report("F6.syscall_getppid", n, t);
  }
  {
    long n = N(10e6);
    Timer t;
    timespec ts;
    for (long i = 0; i < n; i++) {
      clock_gettime(CLOCK_MONOTONIC, &ts);
      keep(ts.tv_nsec);
    }
    report("F6.clock_gettime_monotonic", n, t);
  }
  {
    long n = N(10e6);
    Timer t;
    timespec ts;
    for (long i = 0; i < n; i++) {
      clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
      keep(ts.tv_nsec);
    }
    report("F6.clock_gettime_coarse", n, t);
  }
  {
    long n = N(50e6);
    Timer t;
    for (long i = 0; i < n; i++) keep(__builtin_ia32_rdtsc());
    report("F6.rdtsc", n, t);
  }
  int ep = epoll_create1(0), ev = eventfd(0, EFD_NONBLOCK);
  epoll_event e{EPOLLIN, {}};
  epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
  epoll_event out[64];
  {
    long n = N(3e6);
    Timer t;
    for (long i = 0; i < n; i++) keep(epoll_wait(ep, out, 64, 0));
    report("F6.epoll_wait0_empty", n, t);
  }
  {
    long n = N(1e6);
    uint64_t one = 1;
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(write(ev, &one, 8));
      keep(epoll_wait(ep, out, 64, -1));
      keep(read(ev, &one, 8));
    }
    report("F5.eventfd_write_epollwait_read_same_thread", n, t);
  }
  {
    long n = N(1e6);
    uint64_t one = 1;
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(write(ev, &one, 8));
    }
    report("F5.eventfd_write", n, t);
    keep(read(ev, &one, 8));
  }
  {
    e.events = EPOLLIN | EPOLLET;
    epoll_ctl(ep, EPOLL_CTL_MOD, ev, &e);
    long n = N(1e6);
    uint64_t one = 1;
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(write(ev, &one, 8));
      keep(epoll_wait(ep, out, 64, -1));
    }
    report("F5.eventfd_write_epollwait_ET_noread", n, t);
  }
  {
    int tf = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    long n = N(2e6);
    Timer t;
    itimerspec s{};
    for (long i = 0; i < n; i++) {
      s.it_value.tv_sec = 1000 + i;
      timerfd_settime(tf, TFD_TIMER_ABSTIME, &s, nullptr);
    }
    report("F6.timerfd_settime", n, t);
    close(tf);
  }
  close(ep);
  close(ev);
  // two threads, two eventfds, two epolls: ping-pong round trip (cpu0 <-> cpu1)
  {
    int e1 = eventfd(0, EFD_NONBLOCK), e2 = eventfd(0, EFD_NONBLOCK), p1 = epoll_create1(0), p2 = epoll_create1(0);
    epoll_event x{EPOLLIN, {}};
    epoll_ctl(p1, EPOLL_CTL_ADD, e1, &x);
    epoll_ctl(p2, EPOLL_CTL_ADD, e2, &x);
    long n = N(100e3);
    std::thread th([&] {
      bench::pin(1);
      epoll_event o[4];
      uint64_t v;
      for (long i = 0; i < n; i++) {
        epoll_wait(p2, o, 4, -1);
        keep(read(e2, &v, 8));
        v = 1;
        keep(write(e1, &v, 8));
      }
    });
    bench::pin(0);
    Timer t;
    epoll_event o[4];
    uint64_t v;
    for (long i = 0; i < n; i++) {
      v = 1;
      keep(write(e2, &v, 8));
      epoll_wait(p1, o, 4, -1);
      keep(read(e1, &v, 8));
    }
    report("F5.eventfd_epoll_pingpong_2threads_rtt", n, t);
    th.join();
    close(e1);
    close(e2);
    close(p1);
    close(p2);
  }
  // spin ping-pong between the two cpus
  {
    std::atomic<long> a{0}, b{0};
    long n = N(2e6);
    std::thread th([&] {
      bench::pin(1);
      for (long i = 1; i <= n; i++) {
        while (a.load(std::memory_order_acquire) != i) {
        }
        b.store(i, std::memory_order_release);
      }
    });
    bench::pin(0);
    Timer t;
    for (long i = 1; i <= n; i++) {
      a.store(i, std::memory_order_release);
      while (b.load(std::memory_order_acquire) != i) {
      }
    }
    report("F5.spin_pingpong_2threads_rtt", n, t);
    th.join();
  }
  // futex ping-pong through std::atomic::wait
  {
    std::atomic<int> a{0};
    long n = N(100e3);
    std::thread th([&] {
      bench::pin(1);
      for (long i = 0; i < n; i++) {
        a.wait(0);
        a.store(0);
        a.notify_one();
      }
    });
    bench::pin(0);
    Timer t;
    for (long i = 0; i < n; i++) {
      a.store(1);
      a.notify_one();
      a.wait(1);
    }
    report("F5.std_atomic_wait_pingpong_rtt", n, t);
    th.join();
  }
  // cross-thread MPSC: Treiber push by producer, exchange-drain by consumer, eventfd only when consumer idle
  {
    struct Node {
      Node* n;
    };
    long n = N(1e6);
    std::vector<Node> nodes(n);
    std::atomic<Node*> head{nullptr};
    std::atomic<bool> idle{false};
    int ev = eventfd(0, 0);
    bench::pin(0);
    Timer t;
    std::thread th([&] {
      bench::pin(1);
      for (long i = 0; i < n; i++) {
        Node* h = head.load(std::memory_order_relaxed);
        do nodes[i].n = h;
        while (!head.compare_exchange_weak(h, &nodes[i]));
        if (!h && idle.load()) {
          if (idle.exchange(false)) {
            uint64_t v = 1;
            keep(write(ev, &v, 8));
          }
        }
      }
    });
    long got = 0;
    while (got < n) {
      Node* h = head.exchange(nullptr);
      if (!h) {
        idle.store(true);
        h = head.exchange(nullptr);
        if (!h) {
          uint64_t v;
          keep(read(ev, &v, 8));
          idle.store(false);
          continue;
        }
        if (!idle.exchange(false)) {
          uint64_t v;
          keep(read(ev, &v, 8));
        }
      }
      while (h) {
        h = h->n;
        got++;
      }
    }
    report("F5.mpsc_treiber_eventfd_1M_posts", n, t);
    th.join();
    close(ev);
  }
}
static void tcp_pair(int* a, int* b) {
  int l = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in sa{};
  sa.sin_family = AF_INET;
  sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(l, (sockaddr*)&sa, sizeof sa);
  listen(l, 8);
  socklen_t sl = sizeof sa;
  getsockname(l, (sockaddr*)&sa, &sl);
  *a = socket(AF_INET, SOCK_STREAM, 0);
  connect(*a, (sockaddr*)&sa, sizeof sa);
  *b = accept(l, 0, 0);
  close(l);
  int one = 1;
  setsockopt(*a, IPPROTO_TCP, TCP_NODELAY, &one, 4);
  setsockopt(*b, IPPROTO_TCP, TCP_NODELAY, &one, 4);
}
static void f_net() {
  bench::pin(0);
  int a, b;
  char buf[4096];
  {
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    long n = N(1e6);
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(send(s[0], buf, 64, 0));
      keep(recv(s[1], buf, 64, 0));
    }
    report("F6.unix_socketpair_send_recv_64B", n, t);
    close(s[0]);
    close(s[1]);
  }
  tcp_pair(&a, &b);
  {
    long n = N(500e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(send(a, buf, 64, 0));
      keep(recv(b, buf, 64, 0));
    }
    report("F6.tcp_loopback_send_recv_64B", n, t);
  }
  {
    long n = N(500e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(recv(b, buf, 64, MSG_DONTWAIT));
    }
    report("F6.tcp_recv_EAGAIN", n, t);
  }
  {
    int ep = epoll_create1(0);
    epoll_event e{EPOLLIN, {}}, o[8];
    epoll_ctl(ep, EPOLL_CTL_ADD, b, &e);
    long n = N(500e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(send(a, buf, 64, 0));
      epoll_wait(ep, o, 8, -1);
      keep(recv(b, buf, 64, 0));
    }
    report("F6.tcp_loopback_send_epollwait_recv_64B", n, t);
    Timer t2;
    for (long i = 0; i < n; i++) {
      keep(write(a, buf, 64));
      epoll_wait(ep, o, 8, -1);
      keep(read(b, buf, 64));
    }
    report("F6.tcp_loopback_write_epollwait_read_64B", n, t2);
    Timer t3;
    for (long i = 0; i < n; i++) {
      e.events = EPOLLIN | EPOLLONESHOT;
      epoll_ctl(ep, EPOLL_CTL_MOD, b, &e);
    }
    report("F6.epoll_ctl_mod", n, t3);
    close(ep);
  }
  {
    long n = N(500e3);
    Timer t;
    for (long i = 0; i < n; i++) {
      keep(send(a, buf, 4096, 0));
      keep(recv(b, buf, 4096, 0));
    }
    report("F6.tcp_loopback_send_recv_4096B", n, t);
  }
  close(a);
  close(b);
}
int main(int c, char** v) {
  const char* name = "floor-parts";
  return bench::run(
      name, c, v,
      {{"F1", f_malloc}, {"F2", f_coro}, {"F3", f_switch}, {"F4", f_exc}, {"F5F6", f_sys}, {"F7net", f_net}});
}

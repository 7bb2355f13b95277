// The floor: the least that C++20 coroutines cost with this compiler. A runtime for one thread, without cancellation,
// context variables, names, input and output, or checks.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <coroutine>
#include <exception>
#include <thread>
#include "../common/bench.hpp"
using bench::keep;
using bench::N;
using bench::report;
using bench::Timer;
#define NOINLINE __attribute__((noinline))

struct FreeList {
  struct Node {
    Node* n;
  };
  Node* head = nullptr;
};
static thread_local FreeList tl_fl[32];
struct Recycle {
  static void* operator new(size_t s) {
    size_t c = (s + 63) / 64;
    if (c >= 32) return ::malloc(s);
    auto& f = tl_fl[c];
    if (f.head) {
      auto* p = f.head;
      f.head = p->n;
      return p;
    }
    return ::malloc(c * 64);
  }
  static void operator delete(void* p, size_t s) {
    size_t c = (s + 63) / 64;
    if (c >= 32) {
      ::free(p);
      return;
    }
    auto* n = (FreeList::Node*)p;
    n->n = tl_fl[c].head;
    tl_fl[c].head = n;
  }
};
// intrusive ready node: a resume point
struct Node {
  Node* next = nullptr;
  std::coroutine_handle<> h;
};
struct Queue {
  Node* head = nullptr;
  Node** tail = &head;
  void push(Node* p) {
    p->next = nullptr;
    *tail = p;
    tail = &p->next;
  }
  Node* pop() {
    auto* p = head;
    head = p->next;
    if (!head) tail = &head;
    return p;
  }
  bool empty() const { return !head; }
};
static Queue q;
static void run_ready() {
  while (q.head) q.pop()->h.resume();
}

struct PromiseBase : Recycle, Node {
  std::coroutine_handle<> cont;
  Node* cont_node = nullptr;
  std::exception_ptr e;
  bool done = false, canceled = false;
};
template <class T>
struct Value {
  T v{};
  void return_value(T x) { v = x; }
  T get() { return v; }
};
template <>
struct Value<void> {
  void return_void() {}
  void get() {}
};
template <class T>
struct Co {  // lazy coroutine (plain await)
  struct promise_type : PromiseBase, Value<T> {
    Co get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Fin {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        auto& p = h.promise();
        p.done = true;
        return p.cont ? p.cont : std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    Fin final_suspend() noexcept { return {}; }
    void unhandled_exception() { this->e = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> h;
  Co(std::coroutine_handle<promise_type> h) : h(h) {}
  Co(Co&& o) noexcept : h(std::exchange(o.h, nullptr)) {}
  ~Co() {
    if (h) h.destroy();
  }
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h.promise().cont = c;
    return h;
  }
  T await_resume() {
    if (h.promise().e) [[unlikely]]
      std::rethrow_exception(std::move(h.promise().e));
    return h.promise().get();
  }
};
// spawn: takes the lazy coroutine, puts its frame on the ready queue; awaiting the handle suspends until done; waiter is queued (asyncio semantics)
template <class T>
struct Task {
  Co<T> c;
  Task(Co<T> x) : c(std::move(x)) {
    auto& p = c.h.promise();
    p.Node::h = c.h;
    q.push(&p);
  }
  struct Aw : Node {
    typename Co<T>::promise_type& p;
    Aw(typename Co<T>::promise_type& p) : p(p) {}
    bool await_ready() noexcept { return p.done; }
    void await_suspend(std::coroutine_handle<> c) noexcept {
      this->h = c;
      p.cont = c;
    }
    T await_resume() {
      if (p.e) [[unlikely]]
        std::rethrow_exception(std::move(p.e));
      return p.get();
    }
  };
  Aw operator co_await() noexcept { return Aw{c.h.promise()}; }
};
struct Yield : Node {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> c) noexcept {
    h = c;
    q.push(this);
  }
  void await_resume() noexcept {}
};
template <class T>
static void block_on(Co<T> c) {
  c.h.resume();
  run_ready();
  if (!c.h.promise().done) {
    fprintf(stderr, "deadlock\n");
    abort();
  }
  if (c.h.promise().e) std::rethrow_exception(c.h.promise().e);
}

NOINLINE static Co<int> child(int i) { co_return i; }
NOINLINE static Co<int> child_yield(int i) {
  co_await Yield{};
  co_return i;
}
static Co<int> w1(long n) {
  long s = 0;
  std::vector<Task<int>> v;
  v.reserve(1000);
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) v.emplace_back(child(i));
    for (auto& t : v) s += co_await t;
  }
  keep(s);
  co_return 0;
}
static Co<int> yl(long n) {
  for (long i = 0; i < n; i++) co_await Yield{};
  co_return 0;
}
static Co<int> w2(long tasks, long per) {
  std::vector<Task<int>> v;
  v.reserve(tasks);
  for (long i = 0; i < tasks; i++) v.emplace_back(yl(per));
  for (auto& t : v) co_await t;
  co_return 0;
}
struct Gather {
  int left;
  std::coroutine_handle<> c;
};
struct GSub {
  struct promise_type : Recycle, Node {
    Gather* g;
    int* out;
    GSub get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Fin {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        auto* g = h.promise().g;
        h.destroy();
        return --g->left ? std::noop_coroutine() : g->c;
      }
      void await_resume() noexcept {}
    };
    Fin final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> h;
};
static GSub gsub(Co<int> c, int* out) { *out = co_await c; }
struct GatherAw {
  std::vector<Co<int>>& cs;
  std::vector<int>& out;
  Gather g;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    g = {(int)cs.size(), h};
    for (size_t i = 0; i < cs.size(); i++) {
      auto s = gsub(std::move(cs[i]), &out[i]);
      s.h.promise().g = &g;
      s.h.promise().h = s.h;
      q.push(&s.h.promise());
    }
  }
  void await_resume() {}
};
static Co<int> w5(long reps, int n) {
  std::vector<int> out(n);
  for (long r = 0; r < reps; r++) {
    std::vector<Co<int>> cs;
    cs.reserve(n);
    for (int i = 0; i < n; i++) cs.push_back(child_yield(i));
    GatherAw all{cs, out, {}};
    co_await all;
    keep(out[5]);
  }
  co_return 0;
}

// channel, bounded, intrusive waiters; direct hand-over
template <class T>
struct Chan {
  std::vector<T> b;
  size_t h = 0, n = 0;
  Queue rx, tx;
  Chan(size_t c) : b(c) {}
  struct Push : Node {
    Chan& c;
    T v;
    bool await_ready() {
      if (c.n < c.b.size()) {
        c.put(v);
        return true;
      }
      return false;
    }
    void await_suspend(std::coroutine_handle<> x) {
      this->h = x;
      c.tx.push(this);
    }
    void await_resume() {}
  };
  struct Pop : Node {
    Chan& c;
    T v{};
    bool waited = false;
    bool await_ready() { return c.n > 0; }
    void await_suspend(std::coroutine_handle<> x) {
      waited = true;
      this->h = x;
      c.rx.push(this);
    }
    T await_resume() { return waited ? v : c.take(); }
  };
  void put(T v) {
    if (!rx.empty()) {
      auto* p = static_cast<Pop*>(rx.pop());
      p->v = v;
      q.push(p);
      return;
    }
    b[(h + n++) % b.size()] = v;
  }
  T take() {
    T v = b[h];
    if (++h == b.size()) h = 0;
    n--;
    if (!tx.empty()) {
      auto* p = static_cast<Push*>(tx.pop());
      b[(h + n++) % b.size()] = p->v;
      q.push(p);
    }
    return v;
  }
  Push push(T v) { return Push{{}, *this, v}; }
  Pop pop() { return Pop{{}, *this}; }
};
static Co<int> prod(Chan<long>& c, long n) {
  for (long i = 0; i < n; i++) co_await c.push(i);
  co_return 0;
}
static Co<int> cons(Chan<long>& c, long n) {
  long s = 0;
  for (long i = 0; i < n; i++) s += co_await c.pop();
  keep(s);
  co_return 0;
}
static Co<int> w11(size_t cap, long n) {
  Chan<long> c(cap);
  Task<int> a(prod(c, n)), b(cons(c, n));
  co_await a;
  co_await b;
  co_return 0;
}
struct Mutex {
  bool locked = false;
  Queue w;
  struct Aw : Node {
    Mutex& m;
    bool await_ready() {
      if (!m.locked) {
        m.locked = true;
        return true;
      }
      return false;
    }
    void await_suspend(std::coroutine_handle<> x) {
      h = x;
      m.w.push(this);
    }
    void await_resume() {}
  };
  Aw lock() { return Aw{{}, *this}; }
  void unlock() {
    if (w.empty())
      locked = false;
    else
      q.push(w.pop());
  }
};
static Co<int> mu_unc(long n) {
  Mutex m;
  for (long i = 0; i < n; i++) {
    co_await m.lock();
    keep(i);
    m.unlock();
  }
  co_return 0;
}
static Co<int> mu_worker(Mutex& m, long n) {
  for (long i = 0; i < n; i++) {
    co_await m.lock();
    co_await Yield{};
    m.unlock();
  }
  co_return 0;
}
static Co<int> mu_cont(int tasks, long n) {
  Mutex m;
  std::vector<Task<int>> v;
  v.reserve(tasks);
  for (int i = 0; i < tasks; i++) v.emplace_back(mu_worker(m, n));
  for (auto& t : v) co_await t;
  co_return 0;
}
// event with intrusive, O(1) removable waiters; cancel = unlink + resume with flag -> throws or (here) returns bool
struct DNode : Node {
  DNode *p, *nx;
};
struct Event {
  DNode l;
  Event() { l.p = l.nx = &l; }
  struct Aw : DNode {
    Event& e;
    bool canceled = false;
    Aw(Event& e) : e(e) {}
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> x) {
      h = x;
      p = e.l.p;
      nx = &e.l;
      p->nx = this;
      e.l.p = this;
    }
    bool await_resume() { return !canceled; }
  };
  Aw wait() { return Aw(*this); }
  void set() {
    while (l.nx != &l) {
      auto* n = l.nx;
      n->p->nx = n->nx;
      n->nx->p = n->p;
      q.push(n);
    }
  }
};
struct Cancelled {};
static Event::Aw* g_slot[1000];
struct WaitThrow {
  Event::Aw a;
  int i;
  WaitThrow(Event& e, int i) : a(e), i(i) {}
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    g_slot[i] = &a;
    a.await_suspend(h);
  }
  void await_resume() {
    if (a.canceled) throw Cancelled{};
  }
};
struct WaitFlag {
  Event::Aw a;
  int i;
  WaitFlag(Event& e, int i) : a(e), i(i) {}
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    g_slot[i] = &a;
    a.await_suspend(h);
  }
  bool await_resume() { return !a.canceled; }
};
static Co<int> blocked_throw(Event& e, int i) {
  co_await WaitThrow(e, i);
  co_return 0;
}
static Co<int> blocked_flag(Event& e, int i) {
  bool ok = co_await WaitFlag(e, i);
  co_return ok ? 0 : 1;
}
static Co<int> blocked_destroy(Event& e, int i) {
  bool ok = co_await WaitFlag(e, i);
  co_return ok;
}
static void do_cancel(int i) {
  auto* n = g_slot[i];
  n->p->nx = n->nx;
  n->nx->p = n->p;
  n->canceled = true;
  q.push(n);
}
static Co<int> w7_throw(long n) {
  Event e;
  std::vector<Task<int>> v;
  v.reserve(1000);
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) v.emplace_back(blocked_throw(e, i));
    co_await Yield{};
    for (int i = 0; i < 1000; i++) do_cancel(i);
    for (auto& t : v) {
      try {
        co_await t;
      } catch (Cancelled&) {
      }
    }
  }
  co_return 0;
}
static Co<int> w7_flag(long n) {
  Event e;
  std::vector<Task<int>> v;
  v.reserve(1000);
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) v.emplace_back(blocked_flag(e, i));
    co_await Yield{};
    for (int i = 0; i < 1000; i++) do_cancel(i);
    for (auto& t : v) keep(co_await t);
  }
  co_return 0;
}
static Co<int> w7_destroy(long n) {
  Event e;
  std::vector<Task<int>> v;
  v.reserve(1000);
  for (long b = 0; b < n / 1000; b++) {
    for (int i = 0; i < 1000; i++) v.emplace_back(blocked_destroy(e, i));
    co_await Yield{};
    for (int i = 0; i < 1000; i++) {
      auto* n = g_slot[i];
      n->p->nx = n->nx;
      n->nx->p = n->p;
    }
    v.clear();
  }
  co_return 0;
}
static Co<int> idle(Event& e) {
  bool ok = co_await e.wait();
  co_return ok ? 0 : 1;
}
static void mem(const char* nm, long n) {
  Event e;
  std::vector<Task<int>> v;
  v.reserve(n);
  long r0 = bench::rss_bytes();
  for (long i = 0; i < n; i++) v.emplace_back(idle(e));
  run_ready();
  long r1 = bench::rss_bytes();
  bench::report_mem(nm, n, r0, r1);
  e.set();
  run_ready();
}

// timers: 4-ary heap of {deadline, node*} with back-index for removal; and "lazy batch" variant
struct TNode : Node {
  uint64_t dl;
  uint32_t idx;
};
struct Heap {
  struct Ent {
    uint64_t dl;
    TNode* n;
  };
  std::vector<Ent> a;
  void set(size_t i, Ent e) {
    a[i] = e;
    e.n->idx = i;
  }
  void up(size_t i, Ent e) {
    while (i) {
      size_t p = (i - 1) / 4;
      if (a[p].dl <= e.dl) break;
      set(i, a[p]);
      i = p;
    }
    set(i, e);
  }
  void down(size_t i, Ent e) {
    size_t n = a.size();
    for (;;) {
      size_t c = 4 * i + 1;
      if (c >= n) break;
      size_t m = c, en = std::min(c + 4, n);
      for (size_t k = c + 1; k < en; k++)
        if (a[k].dl < a[m].dl) m = k;
      if (a[m].dl >= e.dl) break;
      set(i, a[m]);
      i = m;
    }
    set(i, e);
  }
  void push(TNode* n) {
    a.push_back({});
    up(a.size() - 1, {n->dl, n});
  }
  void erase(TNode* n) {
    size_t i = n->idx;
    Ent l = a.back();
    a.pop_back();
    if (i < a.size()) {
      if (i && a[(i - 1) / 4].dl > l.dl)
        up(i, l);
      else
        down(i, l);
    }
  }
  TNode* pop() {
    TNode* n = a[0].n;
    erase(n);
    return n;
  }
};
static Heap hp;
struct Sleep : TNode {
  Sleep(uint64_t d) { dl = d; }
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> x) {
    h = x;
    hp.push(this);
  }
  void await_resume() {}
};
static Co<int> sleeper(uint32_t us) {
  co_await Sleep{(uint64_t)bench::ns(CLOCK_MONOTONIC) + us * 1000ull};
  co_return 0;
}
static void w4() {
  long n = N(1e6);
  auto us = bench::sleep_us(n);
  {
    std::vector<Task<int>> v;
    v.reserve(n);
    int ep = epoll_create1(0);
    epoll_event o[4];
    Timer t;
    for (long i = 0; i < n; i++) v.emplace_back(sleeper(us[i]));
    run_ready();
    long fired = 0;
    while (!hp.a.empty()) {
      uint64_t now = bench::ns(CLOCK_MONOTONIC);
      while (!hp.a.empty() && hp.a[0].dl <= now) {
        q.push(hp.pop());
        fired++;
      }
      run_ready();
      if (!hp.a.empty()) {
        long ms = ((long)hp.a[0].dl - (long)now + 999999) / 1000000;
        if (ms > 0) epoll_wait(ep, o, 4, ms);
      }
    }
    report("W4.sleep1M", n, t);
  }
  {
    std::vector<TNode> v(n);
    Timer t;
    for (long i = 0; i < n; i++) {
      v[i].dl = 10000000000ull + us[i] * 1000ull;
      hp.push(&v[i]);
    }
    for (long i = 0; i < n; i++) hp.erase(&v[i]);
    report("W4.timer_cancel1M", n, t);
  }
  {
    long m = N(10e6);
    TNode x;
    Timer t;
    for (long i = 0; i < m; i++) {
      x.dl = i;
      hp.push(&x);
      hp.erase(&x);
    }
    report("W4.timer_pair", m, t);
  }
  // hashed wheel: 1024 slots x 1 ms, intrusive dlists (bound for O(1) timers at ms resolution)
  {
    static DNode slot[4096];
    for (auto& s : slot) s.p = s.nx = &s;
    std::vector<DNode> v(n);
    Timer t;
    for (long i = 0; i < n; i++) {
      auto& s = slot[us[i] / 1000];
      auto* d = &v[i];
      d->p = s.p;
      d->nx = &s;
      s.p->nx = d;
      s.p = d;
    }
    for (long i = 0; i < n; i++) {
      auto* d = &v[i];
      d->p->nx = d->nx;
      d->nx->p = d->p;
    }
    report("W4.wheel_insert_cancel1M", n, t);
  }
}
// W8
struct XNode {
  XNode* n;
  void (*f)(XNode*);
};
static std::atomic<XNode*> xhead{nullptr};
static std::atomic<bool> xidle{false};
static int xev;
static void xpost(XNode* x) {
  XNode* h = xhead.load(std::memory_order_relaxed);
  do x->n = h;
  while (!xhead.compare_exchange_weak(h, x));
  if (!h && xidle.exchange(false)) {
    uint64_t v = 1;
    keep(write(xev, &v, 8));
  }
}
static XNode* xdrain(bool block, int ep) {
  for (;;) {
    XNode* h = xhead.exchange(nullptr);
    if (h || !block) {
      XNode* r = nullptr;
      while (h) {
        auto* nx = h->n;
        h->n = r;
        r = h;
        h = nx;
      }
      return r;
    }
    xidle.store(true);
    if (xhead.load()) {
      if (xidle.exchange(false)) continue;
    }
    epoll_event o[4];
    epoll_wait(ep, o, 4, -1);
    uint64_t v;
    keep(read(xev, &v, 8));
  }
}
static void w8() {
  xev = eventfd(0, EFD_NONBLOCK);
  int ep = epoll_create1(0);
  epoll_event e{EPOLLIN, {}};
  epoll_ctl(ep, EPOLL_CTL_ADD, xev, &e);
  {
    long n = N(1e6);
    static long got;
    got = 0;
    bench::pin(0);
    Timer t;
    std::thread th([&] {
      bench::pin(1);
      for (long i = 0; i < n; i++) {
        auto* x = (XNode*)malloc(64);
        x->f = [](XNode* x) {
          got++;
          free(x);
        };
        xpost(x);
      }
    });
    while (got < n) {
      for (auto* x = xdrain(true, ep); x;) {
        auto* nx = x->n;
        x->f(x);
        x = nx;
      }
    }
    report("W8.post_tput", n, t);
    th.join();
  }
  for (int spin = 0; spin < 2; spin++) {
    long n = N(100e3);
    static std::atomic<long> ack{0};
    ack = 0;
    static long got;
    got = 0;
    Timer t;
    std::thread th([&] {
      bench::pin(1);
      XNode x;
      x.f = [](XNode*) {
        got++;
        ack.store(got);
        ack.notify_one();
      };
      for (long i = 1; i <= n; i++) {
        xpost(&x);
        if (spin) {
          while (ack.load() != i) {
          }
        } else {
          long o;
          while ((o = ack.load()) != i) ack.wait(o);
        }
      }
    });
    while (got < n) {
      if (spin)
        while (!xhead.load()) {
        }
      for (auto* x = xdrain(true, ep); x;) {
        auto* nx = x->n;
        x->f(x);
        x = nx;
      }
    }
    report(spin ? "W8.rtt_bothspin" : "W8.rtt", n, t);
    th.join();
  }
}
// W6
struct Err : std::exception {};
NOINLINE static Co<int> thr(int d) {
  if (d <= 1) throw Err{};
  co_return 1 + co_await thr(d - 1);
}
NOINLINE static Co<int> erv(int d) {
  if (d <= 1) co_return -1;
  int r = co_await erv(d - 1);
  if (r < 0) co_return r;
  co_return 1 + r;
}
static Co<int> thr_loop(long n, int d) {
  for (long i = 0; i < n; i++) {
    try {
      keep(co_await thr(d));
    } catch (Err&) {
    }
  }
  co_return 0;
}
static Co<int> erv_loop(long n, int d) {
  for (long i = 0; i < n; i++) keep(co_await erv(d));
  co_return 0;
}
static Co<int> failt() {
  throw Err{};
  co_return 0;
}
static Co<int> task_fail(long n) {
  for (long i = 0; i < n; i++) {
    Task<int> t(failt());
    try {
      co_await t;
    } catch (Err&) {
    }
  }
  co_return 0;
}
NOINLINE static Co<int> deep(int d) {
  if (d <= 1) co_return 1;
  co_return 1 + co_await deep(d - 1);
}
static Co<int> deep_loop(long n, int d) {
  for (long i = 0; i < n; i++) keep(co_await deep(d));
  co_return 0;
}

int main(int c, char** v) {
  const char* name = "floor";
  std::vector<bench::Workload> w = {
      {"W1.spawn_join",
       [] {
         long n = N(1e6);
         Timer t;
         block_on(w1(n));
         report("W1.spawn_join", n, t);
       }},
      {"W2.yield2",
       [] {
         long n = N(10e6);
         Timer t;
         block_on(w2(2, n / 2));
         report("W2.yield2", n, t);
       }},
      {"W2.yield10k",
       [] {
         long n = N(1000);
         Timer t;
         block_on(w2(10000, n));
         report("W2.yield10k", n * 10000, t);
       }},
      {"W4", w4},
      {"W5.gather1000",
       [] {
         long n = N(1000);
         Timer t;
         block_on(w5(n, 1000));
         report("W5.gather1000", n * 1000, t);
       }},
      {"W6.task_fail",
       [] {
         long n = N(200e3);
         Timer t;
         block_on(task_fail(n));
         report("W6.task_fail", n, t);
       }},
      {"W7.cancel",
       [] {
         long n = N(200e3);
         {
           Timer t;
           block_on(w7_throw(n));
           report("W7.cancel", n, t);
         }
         n = N(1e6);
         {
           Timer t;
           block_on(w7_flag(n));
           report("W7.cancel_flag", n, t);
         }
         {
           Timer t;
           block_on(w7_destroy(n));
           report("W7.cancel_destroy", n, t);
         }
       }},
      {"W8", w8},
      {"W9.mem100k", [] { mem("W9.mem100k", 100000); }},
      {"W9.mem1M", [] { mem("W9.mem1M", 1000000); }},
      {"W11.chan1",
       [] {
         long n = N(5e6);
         Timer t;
         block_on(w11(1, n));
         report("W11.chan1", n, t);
       }},
      {"W11.chan100",
       [] {
         long n = N(5e6);
         Timer t;
         block_on(w11(100, n));
         report("W11.chan100", n, t);
       }},
      {"W12.mutex_unc",
       [] {
         long n = N(10e6);
         Timer t;
         block_on(mu_unc(n));
         report("W12.mutex_unc", n, t);
       }},
      {"W12.mutex_cont",
       [] {
         long n = N(1e6);
         Timer t;
         block_on(mu_cont(10, n / 10));
         report("W12.mutex_cont", n, t);
       }},
  };
  for (int d : {1, 10, 100}) {
    std::string nm = "W3.depth" + std::to_string(d);
    w.push_back({nm, [=] {
                   long n = N(10e6);
                   Timer t;
                   block_on(deep_loop(n / d, d));
                   report(nm.c_str(), n, t);
                 }});
  }
  for (int d : {1, 2, 4, 8, 16, 32}) {
    std::string nm = "W6.throw_d" + std::to_string(d);
    w.push_back({nm, [=] {
                   long n = N(100e3);
                   Timer t;
                   block_on(thr_loop(n, d));
                   report(nm.c_str(), n, t);
                 }});
  }
  for (int d : {1, 8, 32}) {
    std::string nm = "W6.err_d" + std::to_string(d);
    w.push_back({nm, [=] {
                   long n = N(1e6);
                   Timer t;
                   block_on(erv_loop(n, d));
                   report(nm.c_str(), n, t);
                 }});
  }
  return bench::run(name, c, v, w);
}

// PROTOTYPE (x86-64, libstdc++/Itanium ABI): "direct landing" re-throw of a captured exception into the calling frame.
// Instead of _Unwind_RaiseException (2 phases, CFI interpretation), the landing pad for (call site, exception type) is looked up once in the LSDA,
// cached, and jumped to directly: callee-saved registers are untouched at the call, so nothing must be restored.
// Purpose: measure how far exception propagation through co_await levels could be from the 1-1.4 us/level every C++ peer pays.
#include <cxxabi.h>
#include <unwind.h>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <typeinfo>
#include "../common/bench.hpp"
using bench::keep;
using bench::N;
using bench::report;
using bench::Timer;
#define NOINLINE __attribute__((noinline))

// ---- libstdc++ internals (layout of unwind-cxx.h, stable since GCC 4.x on LP64)
namespace __cxxabiv1 {
struct my_cxa_exception {  // == __cxa_exception
  std::type_info* exceptionType;
  void (*exceptionDestructor)(void*);
  void (*unexpectedHandler)();
  void (*terminateHandler)();
  my_cxa_exception* nextException;
  int handlerCount;
  int handlerSwitchValue;
  const unsigned char* actionRecord;
  const unsigned char* languageSpecificData;
  _Unwind_Ptr catchTemp;
  void* adjustedPtr;
  _Unwind_Exception unwindHeader;
};
struct my_refcounted {
  int referenceCount;
  my_cxa_exception exc;
};
struct my_dependent {
  void* primaryException;
  void (*padding)(void*);
  void (*unexpectedHandler)();
  void (*terminateHandler)();
  my_cxa_exception* nextException;
  int handlerCount;
  int handlerSwitchValue;
  const unsigned char* actionRecord;
  const unsigned char* languageSpecificData;
  _Unwind_Ptr catchTemp;
  void* adjustedPtr;
  _Unwind_Exception unwindHeader;
};
struct my_globals {
  my_cxa_exception* caught;
  unsigned int uncaught;
};
}  // namespace __cxxabiv1
using namespace __cxxabiv1;
static const _Unwind_Exception_Class gxx_dep = 0x474e5543432b2b01ull;  // 'GNUCC++\x01'
extern "C" void __gxx_personality_v0();
static void dep_cleanup(_Unwind_Reason_Code code, _Unwind_Exception* e) {  // as __gxx_dependent_exception_cleanup
  auto* d = (my_dependent*)((char*)e - offsetof(my_dependent, unwindHeader));
  if (code != _URC_FOREIGN_EXCEPTION_CAUGHT && code != _URC_NO_REASON) std::terminate();
  void* obj = d->primaryException;
  auto* p = (my_refcounted*)((char*)obj - sizeof(my_refcounted));
  __cxa_free_dependent_exception((__cxa_dependent_exception*)d);
  if (__atomic_sub_fetch(&p->referenceCount, 1, __ATOMIC_ACQ_REL) == 0) {
    if (p->exc.exceptionDestructor) p->exc.exceptionDestructor(obj);
    __cxxabiv1::__cxa_free_exception(obj);
  }
}

// ---- LSDA parsing
static const unsigned char* uleb(const unsigned char* p, uintptr_t& v) {
  v = 0;
  unsigned s = 0;
  unsigned char b;
  do {
    b = *p++;
    v |= (uintptr_t)(b & 0x7f) << s;
    s += 7;
  } while (b & 0x80);
  return p;
}
static const unsigned char* sleb(const unsigned char* p, intptr_t& v) {
  uintptr_t r = 0;
  unsigned s = 0;
  unsigned char b;
  do {
    b = *p++;
    r |= (uintptr_t)(b & 0x7f) << s;
    s += 7;
  } while (b & 0x80);
  if (s < 64 && (b & 0x40)) r |= -((uintptr_t)1 << s);
  v = (intptr_t)r;
  return p;
}
static const unsigned char* enc(unsigned char e, const unsigned char* p, uintptr_t base, uintptr_t& v) {
  if (e == 0xff) {
    v = 0;
    return p;
  }
  const unsigned char* p0 = p;
  uintptr_t r;
  switch (e & 0x0f) {
    case 0:
      r = *(uintptr_t*)p;
      p += 8;
      break;
    case 1: p = uleb(p, r); break;
    case 2:
      r = *(uint16_t*)p;
      p += 2;
      break;
    case 3:
      r = *(uint32_t*)p;
      p += 4;
      break;
    case 9: {
      intptr_t x;
      p = sleb(p, x);
      r = x;
      break;
    }
    case 0xa:
      r = *(int16_t*)p;
      p += 2;
      break;
    case 0xb:
      r = (intptr_t) * (int32_t*)p;
      p += 4;
      break;
    case 0xc:
      r = *(uint64_t*)p;
      p += 8;
      break;
    default: abort();
  }
  if (r) {
    r += (e & 0x70) == 0x10 ? (uintptr_t)p0 : base;
    if (e & 0x80) r = *(uintptr_t*)r;
  }
  v = r;
  return p;
}
struct Entry {
  uintptr_t ra = 0;
  const std::type_info* ti = nullptr;
  uintptr_t lp = 0;
  long filter = 0;
  ptrdiff_t adj = 0;
  const unsigned char* lsda = nullptr;
  const unsigned char* action = nullptr;
};
struct BT {
  uintptr_t ra;
  const unsigned char* lsda;
  uintptr_t start;
  bool found;
};
static _Unwind_Reason_Code bt_cb(_Unwind_Context* c, void* a) {
  auto* b = (BT*)a;
  if (_Unwind_GetIP(c) == b->ra) {
    b->lsda = (const unsigned char*)_Unwind_GetLanguageSpecificData(c);
    b->start = _Unwind_GetRegionStart(c);
    b->found = true;
    return _URC_END_OF_STACK;
  }
  return _URC_NO_REASON;
}
NOINLINE static void resolve(Entry& e, void* obj) {
  BT b{e.ra, nullptr, 0, false};
  _Unwind_Backtrace(bt_cb, &b);
  if (!b.found || !b.lsda) return;
  const unsigned char* p = b.lsda;
  uintptr_t lpstart = b.start;
  unsigned char lpe = *p++;
  if (lpe != 0xff) p = enc(lpe, p, b.start, lpstart);
  unsigned char tte = *p++;
  const unsigned char* tt = nullptr;
  uintptr_t t;
  if (tte != 0xff) {
    p = uleb(p, t);
    tt = p + t;
  }
  unsigned char cse = *p++;
  uintptr_t cslen;
  p = uleb(p, cslen);
  const unsigned char* act = p + cslen;
  uintptr_t ip = e.ra - 1;
  while (p < act) {
    uintptr_t cs, len, lp, ac;
    p = enc(cse, p, 0, cs);
    p = enc(cse, p, 0, len);
    p = enc(cse, p, 0, lp);
    p = uleb(p, ac);
    if (ip < b.start + cs) return;
    if (ip < b.start + cs + len) {
      if (!lp) return;
      if (!ac) return; /* cleanup only: handler is in an outer frame -> slow path */
      const unsigned char* ar = act + ac - 1;
      for (;;) {
        intptr_t f, d;
        const unsigned char* q = sleb(ar, f);
        sleb(q, d);
        if (f > 0) {
          uintptr_t ty;
          unsigned sz = (tte & 0xf) == 0 || (tte & 0xf) == 0xc ? 8 : (tte & 0xf) == 2 || (tte & 0xf) == 0xa ? 2 : 4;
          enc(tte, tt - f * sz, 0, ty);
          if (!ty) {
            e.adj = 0;
            e.lp = lpstart + lp;
            e.filter = f;
            e.lsda = b.lsda;
            e.action = ar;
            return;
          }
          void* o = obj;
          if (((std::type_info*)ty)->__do_catch(e.ti, &o, 1)) {
            e.adj = (char*)o - (char*)obj;
            e.lp = lpstart + lp;
            e.filter = f;
            e.lsda = b.lsda;
            e.action = ar;
            return;
          }
        } else if (f < 0)
          return;
        if (!d) return;
        ar = q + d;
      }
    }
  }
}
static thread_local Entry cache[256];
extern "C" {
struct Ret {
  uintptr_t lp;
  _Unwind_Exception* ue;
};
thread_local long rt_filter;
long rt_filter_get() { return rt_filter; }
__attribute__((used)) Ret rt_lookup(void* obj, uintptr_t ra) noexcept {
  auto* prim = (my_refcounted*)((char*)obj - sizeof(my_refcounted));
  const std::type_info* ti = prim->exc.exceptionType;
  Entry& e = cache[((ra >> 2) ^ ((uintptr_t)ti >> 4)) & 255];
  if (e.ra != ra || e.ti != ti) {
    e = Entry{};
    e.ra = ra;
    e.ti = ti;
    resolve(e, obj);
  }
  if (!e.lp) return {0, nullptr};
  auto* d = (my_dependent*)__cxa_allocate_dependent_exception();
  d->primaryException = obj;
  __atomic_add_fetch(&prim->referenceCount, 1, __ATOMIC_RELAXED);
  d->unexpectedHandler = nullptr;
  d->terminateHandler = prim->exc.terminateHandler;
  d->unwindHeader.exception_class = gxx_dep;
  d->unwindHeader.exception_cleanup = dep_cleanup;
  d->unwindHeader.private_1 = 0;
  d->handlerSwitchValue = (int)e.filter;
  d->actionRecord = e.action;
  d->languageSpecificData = e.lsda;
  d->catchTemp = e.lp;
  d->adjustedPtr = (char*)obj + e.adj;
  ((my_globals*)__cxa_get_globals())->uncaught++;
  rt_filter = e.filter;
  return {e.lp, &d->unwindHeader};
}
__attribute__((used)) void rt_slow(void* obj) {
  std::exception_ptr p;
  *(void**)&p = obj;
  ((my_refcounted*)((char*)obj - sizeof(my_refcounted)))->referenceCount++;
  std::rethrow_exception(p);
}
[[noreturn]] void rt_rethrow(void* obj);
}
// rdi = exception object.  [rsp] = return address in the catching frame.
asm(R"(
.text
.globl rt_rethrow
.type rt_rethrow,@function
rt_rethrow:
  .cfi_startproc
  movq (%rsp), %rsi
  pushq %rdi
  .cfi_adjust_cfa_offset 8
  call rt_lookup
  popq %rdi
  .cfi_adjust_cfa_offset -8
  testq %rax, %rax
  je 1f
  pushq %rax
  .cfi_adjust_cfa_offset 8
  pushq %rdx
  .cfi_adjust_cfa_offset 8
  subq $8, %rsp
  .cfi_adjust_cfa_offset 8
  call rt_filter_get
  addq $8, %rsp
  .cfi_adjust_cfa_offset -8
  movq %rax, %rdx
  popq %rax
  .cfi_adjust_cfa_offset -8
  popq %rcx
  .cfi_adjust_cfa_offset -8
  addq $8, %rsp
  jmp *%rcx
1:
  jmp rt_slow
  .cfi_endproc
.size rt_rethrow,.-rt_rethrow
)");

// ---- the same lazy task as minirt, with the direct rethrow
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
    auto* n = (FreeList::Node*)p;
    n->n = tl_fl[c].head;
    tl_fl[c].head = n;
  }
};
template <bool Direct>
struct Co {
  struct promise_type : Recycle {
    std::coroutine_handle<> cont;
    std::exception_ptr e;
    int v = 0;
    Co get_return_object() { return Co(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Fin {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        auto& p = h.promise();
        return p.cont ? p.cont : std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    Fin final_suspend() noexcept { return {}; }
    void return_value(int x) { v = x; }
    void unhandled_exception() { e = std::current_exception(); }
  };
  std::coroutine_handle<promise_type> h;
  explicit Co(std::coroutine_handle<promise_type> h) : h(h) {}
  Co(Co&& o) noexcept : h(std::exchange(o.h, nullptr)) {}
  ~Co() {
    if (h) h.destroy();
  }
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> c) noexcept {
    h.promise().cont = c;
    return h;
  }
  __attribute__((always_inline)) int await_resume() {
    auto& p = h.promise();
    if (p.e) [[unlikely]] {
      if constexpr (Direct)
        rt_rethrow(*(void**)&p.e);
      else
        std::rethrow_exception(p.e);
    }
    return p.v;
  }
};
struct Base {
  virtual ~Base() {}
  int k = 7;
};
struct Err : Base, std::exception {
  const char* what() const noexcept override { return "Err!"; }
};
template <bool D>
NOINLINE static Co<D> thr(int d) {
  int z = 0;
  if (d <= 1) throw Err{};
  z = co_await thr<D>(d - 1);
  co_return z + 1;
}
// "co_return failure": leaf stores a ready-made exception_ptr without throwing
template <bool D>
static Co<D> loop(long n, int d) {
  int c = 0;
  for (long i = 0; i < n; i++) {
    try {
      c += co_await thr<D>(d);
    } catch (std::exception& e) {
      c += e.what()[0] == 'E';
    }
  }
  co_return c;
}
// no initial throw: the leaf stores a made exception_ptr and never resumes (its locals die when the awaiting expression destroys the frame)
template <bool D>
struct Fail {
  std::exception_ptr e;
  Fail(std::exception_ptr x) : e(std::move(x)) {}
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<typename Co<D>::promise_type> h) noexcept {
    h.promise().e = std::move(e);
    return h.promise().cont;
  }
  void await_resume() noexcept {}
};
template <bool D>
NOINLINE static Co<D> fl(int d) {
  int z = 0;
  if (d <= 1) co_await Fail<D>(std::make_exception_ptr(Err{}));
  z = co_await fl<D>(d - 1);
  co_return z + 1;
}
template <bool D>
static Co<D> floop(long n, int d) {
  int c = 0;
  for (long i = 0; i < n; i++) {
    try {
      c += co_await fl<D>(d);
    } catch (std::exception& e) {
      c += e.what()[0] == 'E';
    }
  }
  co_return c;
}
static int dtors;
struct G {
  ~G() { dtors++; }
};
template <bool D>
NOINLINE static Co<D> mixed(int d) {
  G g;
  int z = 0;
  if (d <= 1) throw Err{};
  try {
    G g2;
    z = co_await mixed<D>(d - 1);
  } catch (std::bad_alloc&) {
    z = -100;
  } catch (std::exception& e) {
    if (d == 3) throw;
    dtors += 1000;
    z = (d == 5) ? -5 : 0;
    if (d == 7) throw std::runtime_error("seven");
  }
  G g3;
  co_return z + 1;
}
template <bool D>
static int run1(Co<D> c) {
  c.h.resume();
  if (c.h.promise().e) {
    try {
      std::rethrow_exception(c.h.promise().e);
    } catch (std::exception& e) {
      return -1000 - e.what()[0];
    }
  }
  return c.h.promise().v;
}
// W7 with asyncio semantics: CancelledError is thrown inside the blocked task at its await, captured by the task, re-thrown to the joiner; every throw is a direct landing of one shared, prebuilt exception object
struct Cancelled : std::exception {};
static std::exception_ptr g_cancel = std::make_exception_ptr(Cancelled{});
static std::coroutine_handle<> g_wait[1000];
static bool g_flag[1000];
struct Block {
  int i;
  Block(int i) : i(i) {}
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept { g_wait[i] = h; }
  __attribute__((always_inline)) void await_resume() {
    if (g_flag[i]) rt_rethrow(*(void**)&g_cancel);
  }
};
NOINLINE static Co<true> blocked(int i) {
  int z = i;
  co_await Block(i);
  co_return z;
}
struct Join {
  Co<true>& c;
  Join(Co<true>& c) : c(c) {}
  bool await_ready() noexcept { return c.h.done(); }
  void await_suspend(std::coroutine_handle<> h) noexcept { c.h.promise().cont = h; }
  __attribute__((always_inline)) int await_resume() {
    auto& p = c.h.promise();
    if (p.e) [[unlikely]]
      rt_rethrow(*(void**)&p.e);
    return p.v;
  }
};
static Co<true> w7(long n) {
  int s = 0;
  std::vector<Co<true>> v;
  v.reserve(1000);
  for (long b = 0; b < n / 1000; b++) {
    v.clear();
    for (int i = 0; i < 1000; i++) {
      g_flag[i] = false;
      v.push_back(blocked(i));
      v.back().h.resume();
    }
    for (int i = 0; i < 1000; i++) g_flag[i] = true;
    for (int i = 0; i < 1000; i++) g_wait[i].resume();
    for (auto& t : v) {
      try {
        s += co_await Join(t);
      } catch (Cancelled&) {
        s++;
      }
    }
  }
  co_return s;
}
int main(int ac, char** av) {
  const char* nm = "floor-direct-eh";
  std::vector<bench::Workload> w;
  w.push_back({"check", [] {
                 for (int d = 1; d <= 9; d++) {
                   dtors = 0;
                   int a = run1(mixed<false>(d));
                   int da = dtors;
                   for (int k = 0; k < 3; k++) {
                     dtors = 0;
                     int b = run1(mixed<true>(d));
                     if (a != b || da != dtors || std::uncaught_exceptions())
                       printf("MISMATCH d=%d %d/%d %d/%d uncaught %d\n", d, a, b, da, dtors,
                              std::uncaught_exceptions());
                   }
                 }
                 printf("# semantic check done\n");
               }});
  for (int d : {1, 2, 4, 8, 16, 32}) {
    char b[64];
    snprintf(b, 64, "W6.throw_d%d", d);
    std::string s = b;
    w.push_back({s, [=] {
                   long n = N(100e3);
                   {
                     Timer t;
                     int r = run1(loop<false>(n, d));
                     if (r != n) printf("BAD %d\n", r);
                     report((s + "_std").c_str(), n, t);
                   }
                   {
                     Timer t;
                     int r = run1(loop<true>(n, d));
                     if (r != n) printf("BAD %d\n", r);
                     report(s.c_str(), n, t);
                   }
                   {
                     Timer t;
                     int r = run1(floop<true>(n, d));
                     if (r != n) printf("BAD %d\n", r);
                     report((s + "_fail_nothrow").c_str(), n, t);
                   }
                 }});
  }
  w.push_back({"W7.cancel", [] {
                 long n = N(1e6);
                 Timer t;
                 int r = run1(w7(n));
                 if (r != n) printf("BAD %d\n", r);
                 report("W7.cancel", n, t);
               }});
  return bench::run(nm, ac, av, w);
}

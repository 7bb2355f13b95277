// Common tiny harness for the runtime benches.  One binary per peer.
//   ./bin            -> run every workload once
//   ./bin W1 W2.     -> run the workloads whose name starts with one of the args
// Output, one line per result:   RES,<peer>,<workload>,<ops>,<wall ns/op>,<cpu ns/op>
//   (memory workloads: RES,<peer>,<workload>,<tasks>,<bytes/task>,<bytes/task>)
// env BENCH_SCALE=<float> multiplies the op counts.
#pragma once
#include <sched.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace bench {
inline const char* g_peer = "?";
inline double scale() {
  static double s = getenv("BENCH_SCALE") ? atof(getenv("BENCH_SCALE")) : 1.0;
  return s;
}
inline long N(double n) {
  long v = (long)(n * scale());
  return v < 1 ? 1 : v;
}
inline int64_t ns(clockid_t c) {
  timespec t;
  clock_gettime(c, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}
struct Timer {
  int64_t w, c;
  Timer() { start(); }
  void start() {
    w = ns(CLOCK_MONOTONIC);
    c = ns(CLOCK_PROCESS_CPUTIME_ID);
  }
  int64_t wall() const { return ns(CLOCK_MONOTONIC) - w; }
  int64_t cpu() const { return ns(CLOCK_PROCESS_CPUTIME_ID) - c; }
};
inline void report(const char* wl, double ops, double wall_per, double cpu_per) {
  printf("RES,%s,%s,%.0f,%.3f,%.3f\n", g_peer, wl, ops, wall_per, cpu_per);
  fflush(stdout);
}
inline void report(const char* wl, double ops, const Timer& t) {
  double w = (double)t.wall(), c = (double)t.cpu();
  report(wl, ops, w / ops, c / ops);
}
inline long rss_bytes() {
  FILE* f = fopen("/proc/self/statm", "r");
  long a = 0, b = 0;
  if (fscanf(f, "%ld %ld", &a, &b) != 2) b = 0;
  fclose(f);
  return b * sysconf(_SC_PAGESIZE);
}
inline void report_mem(const char* wl, long tasks, long rss0, long rss1) {
  double b = double(rss1 - rss0) / tasks;
  report(wl, (double)tasks, b, b);
}
struct Workload {
  std::string name;
  std::function<void()> fn;
};
inline int run(const char* peer, int argc, char** argv, const std::vector<Workload>& wls) {
  g_peer = peer;
  setvbuf(stdout, nullptr, _IOLBF, 0);
  for (auto& w : wls) {
    bool match = argc <= 1;
    for (int i = 1; i < argc; i++) {
      if (!strcmp(argv[i], "--list")) {
        printf("%s\n", w.name.c_str());
        match = false;
        break;
      }
      if (w.name.rfind(argv[i], 0) == 0) match = true;
    }
    if (match) w.fn();
  }
  return 0;
}
template <class T>
inline void keep(T const& v) {
  asm volatile("" : : "r,m"(v) : "memory");
}
// deterministic durations 0..1000 ms in microseconds
inline std::vector<uint32_t> sleep_us(long n) {
  std::mt19937 g(42);
  std::uniform_int_distribution<uint32_t> d(0, 1000000);
  std::vector<uint32_t> v(n);
  for (auto& x : v) x = d(g);
  return v;
}
inline void pin(int cpu) {
  cpu_set_t s;
  CPU_ZERO(&s);
  CPU_SET(cpu, &s);
  sched_setaffinity(0, sizeof s, &s);
}
}  // namespace bench

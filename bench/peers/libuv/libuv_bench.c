/* libuv's side of the comparison: only the workloads that mean something for callbacks. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>
static double scale = 1;
static long N(double x) {
  long v = (long)(x * scale);
  return v < 1 ? 1 : v;
}
static long long ns(clockid_t c) {
  struct timespec t;
  clock_gettime(c, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static long long w0, c0;
static void start(void) {
  w0 = ns(CLOCK_MONOTONIC);
  c0 = ns(CLOCK_PROCESS_CPUTIME_ID);
}
static void rep(const char* n, double ops) {
  long long w = ns(CLOCK_MONOTONIC) - w0, c = ns(CLOCK_PROCESS_CPUTIME_ID) - c0;
  printf("RES,libuv,%s,%.0f,%.3f,%.3f\n", n, ops, w / ops, c / ops);
  fflush(stdout);
}
static void pin(int c) {
  cpu_set_t s;
  CPU_ZERO(&s);
  CPU_SET(c, &s);
  sched_setaffinity(0, sizeof s, &s);
}
static unsigned rs = 12345;
static unsigned rnd(void) {
  rs ^= rs << 13;
  rs ^= rs >> 17;
  rs ^= rs << 5;
  return rs;
}
static long fired;
static void tcb(uv_timer_t* t) {
  fired++;
  uv_timer_stop(t);
}
/* W2: "post": uv has no post-to-self; closest are zero timers / idle handles.  2 idle handles: every loop iteration runs both. */
static long left;
static void idle_cb(uv_idle_t* h) {
  if (--left <= 0) uv_idle_stop(h);
}
static void w2(const char* nm, int k, long n) {
  uv_loop_t l;
  uv_loop_init(&l);
  uv_idle_t* h = calloc(k, sizeof *h);
  left = n;
  for (int i = 0; i < k; i++) {
    uv_idle_init(&l, h + i);
    uv_idle_start(h + i, idle_cb);
  }
  start();
  uv_run(&l, UV_RUN_DEFAULT);
  rep(nm, n);
}
static void w4(void) {
  long n = N(1e6);
  uv_timer_t* v = calloc(n, sizeof *v);
  uv_loop_t l;
  uv_loop_init(&l);
  unsigned* us = malloc(n * 4);
  for (long i = 0; i < n; i++) us[i] = rnd() % 1001;
  start();
  for (long i = 0; i < n; i++) {
    uv_timer_init(&l, v + i);
    uv_timer_start(v + i, tcb, us[i], 0);
  }
  uv_run(&l, UV_RUN_DEFAULT);
  rep("W4.sleep1M", n);
  start();
  for (long i = 0; i < n; i++) {
    uv_timer_init(&l, v + i);
    uv_timer_start(v + i, tcb, 10000 + us[i], 0);
  }
  for (long i = 0; i < n; i++) uv_timer_stop(v + i);
  rep("W4.timer_cancel1M", n);
  start();
  for (long i = 0; i < n; i++) {
    uv_timer_start(v, tcb, 10000, 0);
    uv_timer_stop(v);
  }
  rep("W4.timer_pair", n);
  free(v);
  free(us);
}
/* W8: user-level mutex+queue drained by one uv_async (libuv's documented pattern; uv_async_send coalesces) */
static uv_mutex_t mu;
static long got, total;
static uv_async_t as;
struct node {
  struct node* n;
};
static struct node* qh;
static void acb(uv_async_t* a) {
  uv_mutex_lock(&mu);
  struct node* h = qh;
  qh = NULL;
  uv_mutex_unlock(&mu);
  while (h) {
    struct node* x = h->n;
    free(h);
    h = x;
    got++;
  }
  if (got >= total) uv_close((uv_handle_t*)a, NULL);
}
static void th1(void* x) {
  pin(1);
  for (long i = 0; i < total; i++) {
    struct node* p = malloc(64);
    uv_mutex_lock(&mu);
    p->n = qh;
    qh = p;
    uv_mutex_unlock(&mu);
    uv_async_send(&as);
  }
}
static uv_sem_t sem;
static long rgot;
static void acb2(uv_async_t* a) {
  rgot++;
  int last = rgot >= total;
  uv_sem_post(&sem);
  if (last) uv_close((uv_handle_t*)a, NULL);
}
static void th2(void* x) {
  pin(1);
  for (long i = 0; i < total; i++) {
    uv_async_send(&as);
    uv_sem_wait(&sem);
  }
}
static void w8(void) {
  uv_loop_t l;
  uv_loop_init(&l);
  uv_mutex_init(&mu);
  uv_async_init(&l, &as, acb);
  total = N(1e6);
  pin(0);
  start();
  uv_thread_t t;
  uv_thread_create(&t, th1, NULL);
  uv_run(&l, UV_RUN_DEFAULT);
  rep("W8.post_tput", total);
  uv_thread_join(&t);
  uv_sem_init(&sem, 0);
  uv_async_init(&l, &as, acb2);
  total = N(100e3);
  start();
  uv_thread_create(&t, th2, NULL);
  uv_run(&l, UV_RUN_DEFAULT);
  rep("W8.rtt", total);
  uv_thread_join(&t);
}
int main(int ac, char** av) {
  if (getenv("BENCH_SCALE")) scale = atof(getenv("BENCH_SCALE"));
  for (int i = 1; i < ac; i++) {
    if (!strncmp(av[i], "W2", 2)) {
      w2("W2.yield2", 2, N(2e6));
      w2("W2.yield10k", 10000, N(10e6));
    }
    if (!strncmp(av[i], "W4", 2)) w4();
    if (!strncmp(av[i], "W8", 2)) w8();
  }
  return 0;
}

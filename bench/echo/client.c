// The load of W10: keeps one message of SIZE bytes under way on each of CONNECTIONS connections for SECONDS, after a
// warm-up of 0.3 s, and prints
//
//   RES,NAME,W10.cCONNECTIONS_bSIZE,requests,wall ns a request,CPU ns of the server a request
//   LAT,NAME,W10.cCONNECTIONS_bSIZE,requests a second,p50 us,p99 us,p99.9 us
//
//   client NAME PORT CONNECTIONS SIZE SECONDS PID    PID: the server's process
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
  int fd;
  int received;
  int64_t sent_at;
};

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// What the threads of a process have used so far, ns.
static int64_t cpu_of(const char* pid) {
  char path[512];
  snprintf(path, sizeof path, "/proc/%s/task", pid);
  DIR* folder = opendir(path);
  if (!folder) return -1;
  int64_t sum = 0;
  for (struct dirent* entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid, entry->d_name);
    FILE* file = fopen(path, "r");
    long long used = 0;
    if (file && fscanf(file, "%lld", &used) == 1) sum += used;
    if (file) fclose(file);
  }
  closedir(folder);
  return sum;
}

// Latencies, to 1/32 of their size.
enum { PARTS = 64, BUCKETS = 64 * PARTS };
static uint64_t histogram[BUCKETS];
static uint64_t requests;

static void record(uint64_t ns) {
  int exponent = ns < PARTS ? 0 : 63 - __builtin_clzll(ns) - 5;
  uint64_t bucket = exponent * PARTS + (exponent ? (ns >> exponent) & (PARTS - 1) : ns);
  histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  requests++;
}

static double percentile_us(double p) {
  uint64_t before = (uint64_t)(requests * p), sum = 0;
  for (int i = 0; i < BUCKETS; i++) {
    sum += histogram[i];
    if (sum <= before) continue;
    int exponent = i / PARTS, part = i % PARTS;
    return (double)part * (double)(1ull << exponent) / 1000.0;
  }
  return 0;
}

static int open_connection(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  for (int tries = 0; connect(fd, (void*)&address, sizeof address) < 0; tries++) {
    if (tries == 150) {
      perror("client: connect");
      exit(1);
    }
    usleep(20000);  // the server starts
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static char buffer[1 << 16];

static void send_message(struct connection* c, int size) {
  c->sent_at = now();
  for (int offset = 0; offset < size;) {
    ssize_t sent = send(c->fd, buffer + offset, size - offset, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      perror("client: send");
      exit(4);
    }
    if (sent > 0) offset += sent;
  }
}

int main(int argc, char** argv) {
  if (argc != 7) return 64;
  const char *name = argv[1], *pid = argv[6];
  int port = atoi(argv[2]), count = atoi(argv[3]), size = atoi(argv[4]);
  double seconds = atof(argv[5]);

  int poller = epoll_create1(0);
  struct connection* all = calloc(count, sizeof *all);
  for (int i = 0; i < count; i++) {
    all[i].fd = open_connection(port);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &all[i]}};
    epoll_ctl(poller, EPOLL_CTL_ADD, all[i].fd, &event);
  }

  int64_t start = now() + 300000000LL, end = start + (int64_t)(seconds * 1e9);
  int64_t cpu_before = 0;
  int measuring = 0;
  for (int i = 0; i < count; i++) send_message(&all[i], size);

  struct epoll_event events[1024];
  for (;;) {
    int ready = epoll_wait(poller, events, 1024, 2000);
    if (ready == 0) {
      fprintf(stderr, "client: no answer for 2 s\n");
      return 2;
    }
    int64_t time = now();
    if (!measuring && time >= start) {
      measuring = 1;
      start = time;
      cpu_before = cpu_of(pid);
    }
    if (time >= end) {
      double cpu = (double)(cpu_of(pid) - cpu_before), wall = (double)(time - start), n = (double)requests;
      if (cpu_before < 0 || requests == 0) return 5;
      printf("RES,%s,W10.c%d_b%d,%.0f,%.3f,%.3f\n", name, count, size, n, wall / n, cpu / n);
      printf("LAT,%s,W10.c%d_b%d,%.0f,%.1f,%.1f,%.1f\n", name, count, size, n / wall * 1e9, percentile_us(.5),
             percentile_us(.99), percentile_us(.999));
      return 0;
    }
    for (int i = 0; i < ready; i++) {
      struct connection* c = events[i].data.ptr;
      ssize_t received = recv(c->fd, buffer, sizeof buffer, 0);
      if (received < 0 && errno == EAGAIN) continue;
      if (received <= 0) {
        fprintf(stderr, "client: the server closed a connection\n");
        return 3;
      }
      c->received += (int)received;
      if (c->received < size) continue;
      c->received = 0;
      if (measuring) record((uint64_t)(now() - c->sent_at));
      send_message(c, size);
    }
  }
}

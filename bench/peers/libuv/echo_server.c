/* W10: libuv's echo server. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>
typedef struct {
  uv_tcp_t h;
  char buf[8192];
  uv_write_t w;
} C;
static void al(uv_handle_t* h, size_t n, uv_buf_t* b) {
  C* c = (C*)h;
  b->base = c->buf;
  b->len = sizeof c->buf;
}
static void closed(uv_handle_t* h) { free(h); }
static void wr(uv_write_t* w, int s) {}
static void rd(uv_stream_t* s, ssize_t n, const uv_buf_t* b) {
  C* c = (C*)s;
  if (n < 0) {
    uv_close((uv_handle_t*)s, closed);
    return;
  }
  if (n == 0) return;
  uv_buf_t o = uv_buf_init(c->buf, n);
  int r = uv_try_write(s, &o, 1);
  if (r < n) {
    if (r < 0) r = 0;
    o = uv_buf_init(c->buf + r, n - r);
    uv_write(&c->w, s, &o, 1, wr);
  }
}
static void on(uv_stream_t* l, int st) {
  C* c = calloc(1, sizeof *c);
  uv_tcp_init(l->loop, &c->h);
  if (uv_accept(l, (uv_stream_t*)c)) {
    uv_close((uv_handle_t*)c, closed);
    return;
  }
  uv_tcp_nodelay(&c->h, 1);
  uv_read_start((uv_stream_t*)c, al, rd);
}
int main(int ac, char** av) {
  uv_tcp_t l;
  uv_tcp_init(uv_default_loop(), &l);
  struct sockaddr_in a;
  uv_ip4_addr("127.0.0.1", atoi(av[1]), &a);
  uv_tcp_bind(&l, (void*)&a, 0);
  uv_listen((uv_stream_t*)&l, 4096, on);
  return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

// W10's floor: an echo server of epoll_wait (level-triggered), recv and send.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int ac, char** av) {
  int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(av[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(l, (void*)&a, sizeof a)) {
    perror("bind");
    return 1;
  }
  listen(l, 4096);
  fcntl(l, F_SETFL, O_NONBLOCK);
  int ep = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data = {.fd = l}};
  epoll_ctl(ep, EPOLL_CTL_ADD, l, &e);
  static char buf[65536];
  struct epoll_event ev[256];
  for (;;) {
    int n = epoll_wait(ep, ev, 256, -1);
    for (int i = 0; i < n; i++) {
      int fd = ev[i].data.fd;
      if (fd == l) {
        int c;
        while ((c = accept4(l, 0, 0, SOCK_NONBLOCK)) >= 0) {
          setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, 4);
          e.events = EPOLLIN;
          e.data.fd = c;
          epoll_ctl(ep, EPOLL_CTL_ADD, c, &e);
        }
      } else {
        ssize_t r = recv(fd, buf, sizeof buf, 0);
        if (r <= 0) {
          close(fd);
          continue;
        }
        ssize_t off = 0;
        while (off < r) {
          ssize_t s = send(fd, buf + off, r - off, MSG_NOSIGNAL);
          if (s < 0) break;
          off += s;
        }
      }
    }
  }
}

// The poller of Linux: epoll, and an eventfd to wake it.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <system_error>

#include "heed/core/platform.hpp"

namespace heed::platform {

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

class EpollPoller final : public Poller {
 public:
  EpollPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail(errno, "epoll_create1");
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;  // never read: a further write is a new edge
    event.data.fd = wake_;
    if (wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
      int error = errno;
      close_all();
      fail(error, "eventfd");
    }
  }
  ~EpollPoller() override { close_all(); }

  void watch(int fd, Watch what) override {
    if (!what.any()) return forget(fd);
    epoll_event event{};
    event.events = (what.readable ? EPOLLIN | EPOLLRDHUP : 0u) | (what.writable ? EPOLLOUT : 0u) |
                   (what.edge ? static_cast<std::uint32_t>(EPOLLET) : 0u);
    event.data.fd = fd;
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0) return;
    if (errno == ENOENT && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return;
    fail(errno, "cannot watch file descriptor " + std::to_string(fd));
  }

  void forget(int fd) noexcept override { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

  std::size_t wait(Duration timeout, std::span<PollEvent> events) override {
    epoll_event ready[256];
    int capacity = static_cast<int>(std::min(events.size(), std::size(ready)));
    int count = wait_for(timeout, ready, capacity);
    if (count < 0) {
      if (errno == EINTR) return 0;
      fail(errno, "epoll_wait");
    }
    std::size_t written = 0;
    for (int i = 0; i < count; ++i) {
      if (ready[i].data.fd == wake_) continue;
      std::uint32_t set = ready[i].events;
      Readiness readiness;
      readiness.readable = set & EPOLLIN;
      readiness.writable = set & EPOLLOUT;
      readiness.hangup = set & (EPOLLHUP | EPOLLERR | EPOLLRDHUP);
      events[written++] = PollEvent{ready[i].data.fd, readiness};
    }
    return written;
  }

  void wake() noexcept override {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(wake_, &one, sizeof one);  // full means it is awake anyway
  }

 private:
  int wait_for(Duration timeout, epoll_event* ready, int capacity) noexcept {
    if (timeout == Duration::max()) return ::epoll_wait(epoll_, ready, capacity, -1);
    if (timeout <= Duration::zero()) return ::epoll_wait(epoll_, ready, capacity, 0);
    auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();  // never early
    return ::epoll_wait(epoll_, ready, capacity, static_cast<int>(std::min<long long>(milliseconds, INT_MAX)));
  }

  void close_all() noexcept {
    if (wake_ >= 0) ::close(wake_);
    ::close(epoll_);
  }

  int epoll_;
  int wake_ = -1;
};

}  // namespace

std::unique_ptr<Poller> make_poller() { return std::make_unique<EpollPoller>(); }

}  // namespace heed::platform

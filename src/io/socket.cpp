#include "heed/io/socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "heed/core/fd_table.hpp"

namespace heed {

namespace {

[[noreturn]] void fail(int error, const char* operation, int fd) {
  throw std::system_error(error, std::generic_category(),
                          std::string(operation) + " on descriptor " + std::to_string(fd));
}

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

class Ready final : public detail::FdWaiter {
 public:
  Ready(detail::FdWatch& watch, bool reading) noexcept : watch_(watch), reading_(reading) {}

  bool await_ready() const noexcept { return false; }
  template <detail::CoroutinePromise P>
  void await_suspend(std::coroutine_handle<P> awaiter, std::source_location site = std::source_location::current()) {
    awaiter.promise().site_ = site;
    begin(awaiter.promise(), watch_, reading_);
  }
  void await_resume() const { detail::check_cancelled(); }

 private:
  detail::FdWatch& watch_;
  bool reading_;
};

// Repeats `attempt` until it does not fail with EAGAIN; waits for readiness in between. `attempt` returns what the
// system call did.
template <class Attempt>
Coro<long> retry(Descriptor& socket, bool reading, const char* operation, Attempt attempt) {
  const int fd = socket.fd();
  const std::uint32_t changes = socket.changes();
  for (;;) {
    detail::FdWatch& watch = socket.watch();
    detail::FdDirection& direction = watch.direction(reading);
    if (!direction.drained || direction.hangup) {
      long result = attempt(fd, watch);
      if (result >= 0) co_return result;
      if (errno == EINTR) continue;
      if (!would_block(errno)) fail(errno, operation, fd);
      direction.drained = true;
      direction.hangup = false;  // this direction still blocks: the next event will tell
    }
    co_await Ready(watch, reading);
    if (socket.changes() != changes) fail(EBADF, operation, fd);
  }
}

}  // namespace

Coro<std::pair<Descriptor, Address>> sock_accept(Descriptor& listener) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto attempt = [&storage, &size](int fd, detail::FdWatch&) -> long {
    for (;;) {
      size = sizeof storage;
      long accepted = ::accept4(fd, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted >= 0 || errno != ECONNABORTED) return accepted;  // the peer gave up while it was in the queue
    }
  };
  long fd = co_await retry(listener, true, "accept", attempt);
  std::pair<Descriptor, Address> accepted(Descriptor(static_cast<int>(fd)), Address::from(storage, size));
  co_return std::move(accepted);
}

Coro<void> sock_connect(Descriptor& socket, Address address) {
  const int fd = socket.fd();
  if (::connect(fd, address.data(), address.size()) == 0) co_return;
  if (errno != EINPROGRESS && errno != EINTR) fail(errno, ("connect to " + address.to_string()).c_str(), fd);
  // Watched from here on only: a socket that is not connecting is "hung up".
  auto attempt = [](int connecting, detail::FdWatch&) -> long {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(connecting, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -1;
    if (error != 0) {
      errno = error;
      return -1;
    }
    sockaddr_storage peer{};
    size = sizeof peer;
    if (::getpeername(connecting, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return 0;
    if (errno == ENOTCONN) errno = EAGAIN;
    return -1;
  };
  std::string operation = "connect to " + address.to_string();
  co_await retry(socket, false, operation.c_str(), attempt);
}

Coro<std::size_t> sock_recv_into(Descriptor& socket, std::span<std::byte> buffer) {
  auto attempt = [buffer](int fd, detail::FdWatch& watch) -> long {
    ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    // Less than asked for: the kernel has no more, and an attempt before the next event would be in vain.
    if (count > 0 && static_cast<std::size_t>(count) < buffer.size()) watch.read.drained = watch.stream;
    return count;
  };
  long count = co_await retry(socket, true, "recv", attempt);
  co_return static_cast<std::size_t>(count);
}

Coro<std::string> sock_recv(Descriptor& socket, std::size_t size) {
  std::string data(size, '\0');
  std::size_t count = co_await sock_recv_into(socket, std::as_writable_bytes(std::span(data)));
  data.resize(count);
  co_return std::move(data);
}

Coro<void> sock_sendall(Descriptor& socket, std::string_view data) {
  if (data.empty()) socket.watch();  // refuses what is closed or another loop's, as it does when there is something
  while (!data.empty()) {
    auto attempt = [data](int fd, detail::FdWatch& watch) -> long {
      ssize_t count = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
      if (count >= 0 && static_cast<std::size_t>(count) < data.size()) watch.write.drained = true;
      return count;
    };
    long count = co_await retry(socket, false, "send", attempt);
    data.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace heed

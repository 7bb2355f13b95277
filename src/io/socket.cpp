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

// Calls again what a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

// An operation that is tried until the system does not say EAGAIN, with waits for readiness in between:
//
//   Attempts attempts(socket, reading, "recv");
//   for (;;) {
//     if (attempts.worthwhile()) {
//       long result = ... the system call ...
//       if (attempts.succeeded(result)) co_return result;
//     }
//     co_await attempts.ready();
//   }
class Attempts {
 public:
  // `operation`: for errors.
  Attempts(Descriptor& socket, bool reading, const char* operation)
      : socket_(socket), operation_(operation), fd_(socket.fd()), changes_(socket.changes()), reading_(reading) {}

  int fd() const noexcept { return fd_; }
  detail::FdWatch& watch() const noexcept { return *watch_; }

  // False when the next event has to come first. Throws std::system_error when the descriptor was closed meanwhile.
  bool worthwhile() {
    if (watch_ && socket_.changes() != changes_) fail(EBADF, operation_, fd_);
    watch_ = &socket_.watch();
    return !direction().drained || direction().hangup;
  }
  // `result`: what the system call returned. Throws std::system_error when it failed for good.
  bool succeeded(long result) {
    if (result >= 0) return true;
    if (!would_block(errno)) fail(errno, operation_, fd_);
    direction().drained = true;
    direction().hangup = false;  // this direction still blocks: the next event will tell
    return false;
  }
  Ready ready() const noexcept { return Ready(*watch_, reading_); }

 private:
  detail::FdDirection& direction() const noexcept { return watch_->direction(reading_); }

  Descriptor& socket_;
  const char* operation_;
  detail::FdWatch* watch_ = nullptr;
  int fd_;
  std::uint32_t changes_;
  bool reading_;
};

}  // namespace

Coro<std::pair<Descriptor, Address>> sock_accept(Descriptor& listener) {
  Attempts attempts(listener, true, "accept");
  for (;;) {
    if (attempts.worthwhile()) {
      sockaddr_storage storage{};
      socklen_t size = 0;
      int accepted = uninterrupted([&] {
        for (;;) {
          size = sizeof storage;
          int fd = ::accept4(attempts.fd(), reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
          if (fd >= 0 || errno != ECONNABORTED) return fd;  // the peer gave up while it was in the queue
        }
      });
      if (attempts.succeeded(accepted)) {
        std::pair<Descriptor, Address> result(Descriptor(accepted), Address::from(storage, size));
        co_return std::move(result);
      }
    }
    co_await attempts.ready();
  }
}

namespace {

// 0 once it is connected, -1 and errno else.
int outcome_of_connect(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -1;
  if (error != 0) {
    errno = error;
    return -1;
  }
  sockaddr_storage peer{};
  size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return 0;
  if (errno == ENOTCONN) errno = EAGAIN;
  return -1;
}

}  // namespace

Coro<void> sock_connect(Descriptor& socket, Address address) {
  const std::string operation = "connect to " + address.to_string();
  if (::connect(socket.fd(), address.data(), address.size()) == 0) co_return;
  if (errno != EINPROGRESS && errno != EINTR) fail(errno, operation.c_str(), socket.fd());
  // Watched from here on only: a socket that is not connecting is "hung up".
  Attempts attempts(socket, false, operation.c_str());
  for (;;) {
    if (attempts.worthwhile() && attempts.succeeded(outcome_of_connect(attempts.fd()))) co_return;
    co_await attempts.ready();
  }
}

Coro<std::size_t> sock_recv_into(Descriptor& socket, std::span<std::byte> buffer) {
  Attempts attempts(socket, true, "recv");
  for (;;) {
    if (attempts.worthwhile()) {
      ssize_t count = uninterrupted([&] { return ::recv(attempts.fd(), buffer.data(), buffer.size(), 0); });
      // Less than asked for: the kernel has no more, and an attempt before the next event would be in vain.
      if (count > 0 && static_cast<std::size_t>(count) < buffer.size())
        attempts.watch().read.drained = attempts.watch().stream;
      if (attempts.succeeded(count)) co_return static_cast<std::size_t>(count);
    }
    co_await attempts.ready();
  }
}

Coro<std::string> sock_recv(Descriptor& socket, std::size_t size) {
  std::string data(size, '\0');
  std::size_t count = co_await sock_recv_into(socket, std::as_writable_bytes(std::span(data)));
  data.resize(count);
  co_return std::move(data);
}

Coro<void> sock_sendall(Descriptor& socket, std::string_view data) {
  if (data.empty()) socket.watch();  // refuses what is closed or another loop's, as it does when there is something
  Attempts attempts(socket, false, "send");
  while (!data.empty()) {
    if (attempts.worthwhile()) {
      ssize_t count = uninterrupted([&] { return ::send(attempts.fd(), data.data(), data.size(), MSG_NOSIGNAL); });
      if (count >= 0 && static_cast<std::size_t>(count) < data.size()) attempts.watch().write.drained = true;
      if (attempts.succeeded(count)) {
        data.remove_prefix(static_cast<std::size_t>(count));
        continue;
      }
    }
    co_await attempts.ready();
  }
}

}  // namespace heed

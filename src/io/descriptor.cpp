#include "heed/io/descriptor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "heed/core/fd_table.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/log.hpp"

namespace heed {

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

void log_failed_close(int fd, int error) noexcept {
  try {
    std::string text =
        "close of descriptor " + std::to_string(fd) + " failed: " + std::generic_category().message(error);
    log(LogRecord{LogLevel::error, text, nullptr});
  } catch (...) {
    last_resort("close of a descriptor failed", std::current_exception());
  }
}

// Of a stream socket, a read that brings less than asked for has brought all; each datagram is read on its own.
bool is_stream(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

// --- addresses -------------------------------------------------------------------------------------------------------

Address Address::from(const sockaddr_storage& storage, socklen_t size) noexcept {
  Address address;
  address.storage_ = storage;
  address.size_ = size;
  return address;
}

Address Address::ip(const std::string& host, std::uint16_t port) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return from(storage, sizeof v4);
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return from(storage, sizeof v6);
  }
  throw std::invalid_argument("'" + host + "' is not an IP address");
}

Address Address::unix_path(std::string_view path) {
  sockaddr_storage storage{};
  auto& local = reinterpret_cast<sockaddr_un&>(storage);
  if (path.size() >= sizeof local.sun_path)
    throw std::invalid_argument("socket path '" + std::string(path) + "' is longer than " +
                                std::to_string(sizeof local.sun_path - 1) + " bytes");
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), path.size());
  return from(storage, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1));
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port);
  return 0;
}

std::string Address::to_string() const {
  char text[INET6_ADDRSTRLEN] = "";
  switch (family()) {
    case AF_INET:
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage_).sin_addr, text, sizeof text);
      return std::string(text) + ":" + std::to_string(port());
    case AF_INET6:
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage_).sin6_addr, text, sizeof text);
      return "[" + std::string(text) + "]:" + std::to_string(port());
    case AF_UNIX:
      if (size_ <= offsetof(sockaddr_un, sun_path)) return "unix:";
      return std::string("unix:") + reinterpret_cast<const sockaddr_un&>(storage_).sun_path;
    default: return "no address";
  }
}

// --- descriptors -----------------------------------------------------------------------------------------------------

Descriptor::Descriptor(int fd) {
  int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
    fail(errno, "cannot take over file descriptor " + std::to_string(fd));
  fd_ = fd;
}

Descriptor Descriptor::stream_socket(int family) {
  int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail(errno, "cannot make a stream socket of address family " + std::to_string(family));
  return adopt(fd);
}

Descriptor Descriptor::listening(const Address& address, int backlog) {
  Descriptor socket = stream_socket(address.family());
  if (int on = 1; address.family() != AF_UNIX) ::setsockopt(socket.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.fd_, address.data(), address.size()) != 0)
    fail(errno, "error while attempting to bind on address " + address.to_string());
  if (::listen(socket.fd_, backlog) != 0) fail(errno, "cannot listen on " + address.to_string());
  return socket;
}

std::pair<Descriptor, Descriptor> Descriptor::socket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) fail(errno, "socketpair");
  return {adopt(fds[0]), adopt(fds[1])};
}

Address Descriptor::local_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    fail(errno, "no local address of descriptor " + std::to_string(fd_));
  return Address::from(storage, size);
}

Address Descriptor::peer_address() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    fail(errno, "no peer address of descriptor " + std::to_string(fd_));
  return Address::from(storage, size);
}

void Descriptor::leave_loop() noexcept {
  if (!loop_) return;
  detail::LoopCore& core = std::exchange(loop_, nullptr)->core();
  core.fds().forget(fd_);
  core.release();
}

void Descriptor::close() noexcept {
  if (fd_ < 0) return;
  leave_loop();
  ++changes_;
  int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0 && errno != EINTR) log_failed_close(fd, errno);
}

int Descriptor::release() noexcept {
  leave_loop();
  ++changes_;
  return std::exchange(fd_, -1);
}

detail::FdWatch& Descriptor::watch_anew() {
  if (fd_ < 0) fail(EBADF, "the descriptor is closed");
  detail::LoopCore& core = detail::core_of_running_loop();
  if (loop_ && loop_ != &core)
    throw std::runtime_error("descriptor " + std::to_string(fd_) + " belongs to a different event loop");
  detail::FdWatch& watch = core.fds().watch(fd_);
  watch.stream = is_stream(fd_);
  watch_ = &watch;
  if (!loop_) {
    loop_ = &core;
    core.retain();
  }
  return watch;
}

}  // namespace heed

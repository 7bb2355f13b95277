// A file descriptor with an owner.
#pragma once

#include <sys/socket.h>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "heed/core/fd_table.hpp"
#include "heed/core/scheduler.hpp"

namespace heed {

// The address of a socket: IPv4, IPv6 or a path.
class Address {
 public:
  Address() noexcept = default;
  // `host` is a number ("127.0.0.1", "::1"); names are not looked up. Throws std::invalid_argument naming the host.
  static Address ip(const std::string& host, std::uint16_t port);
  // Throws std::invalid_argument when the path is too long.
  static Address unix_path(std::string_view path);
  static Address from(const sockaddr_storage& storage, socklen_t size) noexcept;

  int family() const noexcept { return storage_.ss_family; }
  // 0 for a path.
  std::uint16_t port() const noexcept;
  // "127.0.0.1:8888", "[::1]:8888", "unix:/run/x"
  std::string to_string() const;

  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// Owns a non-blocking descriptor and closes it. Belongs to the loop that first uses it, and to that loop's thread.
// Closing it while a task waits for it ends that wait with std::system_error (EBADF); so does assigning, moving from
// and releasing it. A close that fails, as after somebody else closed the number, is logged.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  // Takes over `fd` and makes it non-blocking. Throws std::system_error when it is not open; then it is not taken.
  explicit Descriptor(int fd);
  Descriptor(Descriptor&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), loop_(std::exchange(other.loop_, nullptr)), watch_(other.watch_) {
    ++other.changes_;
  }
  // Closes what was owned before.
  Descriptor& operator=(Descriptor&& other) noexcept {
    Descriptor taken(std::move(other));
    std::swap(fd_, taken.fd_);
    std::swap(loop_, taken.loop_);
    watch_ = taken.watch_;
    ++changes_;
    return *this;
  }
  ~Descriptor() { close(); }

  // Takes over one that is non-blocking already.
  static Descriptor adopt(int fd) noexcept {
    Descriptor adopted;
    adopted.fd_ = fd;
    return adopted;
  }
  // A stream socket of this family (AF_INET, AF_INET6, AF_UNIX). Throws std::system_error.
  static Descriptor stream_socket(int family);
  // Bound and listening, with SO_REUSEADDR for IP. Throws std::system_error naming the address.
  static Descriptor listening(const Address& address, int backlog = 128);
  // Two connected stream sockets.
  static std::pair<Descriptor, Descriptor> socket_pair();

  bool is_open() const noexcept { return fd_ >= 0; }
  // -1 when it is closed.
  int fd() const noexcept { return fd_; }
  // Both throw std::system_error.
  Address local_address() const;
  Address peer_address() const;

  void close() noexcept;
  // Gives the descriptor away, still open. The loop forgets it.
  int release() noexcept;

  // For the runtime: the running loop's entry for it. Throws std::system_error when it is closed or cannot be watched,
  // std::runtime_error when it belongs to another loop.
  detail::FdWatch& watch() {
    if (loop_ && loop_ == detail::running_scheduler && watch_->fd == fd_) [[likely]]  // then it is open, too
      return *watch_;
    return watch_anew();
  }
  // Another count: the descriptor is another one, even if it has the same number.
  std::uint32_t changes() const noexcept { return changes_; }

 private:
  detail::FdWatch& watch_anew();
  void leave_loop() noexcept;
  int fd_ = -1;
  std::uint32_t changes_ = 0;
  detail::Scheduler* loop_ = nullptr;
  detail::FdWatch* watch_ = nullptr;  // its place in that loop's table, where something else may be by now
};

}  // namespace heed

// Socket operations that suspend: asyncio's loop.sock_*.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "heed/core/coro.hpp"
#include "heed/core/fd_table.hpp"
#include "heed/core/leaf.hpp"
#include "heed/failure/rethrow.hpp"
#include "heed/io/descriptor.hpp"

namespace heed {

namespace detail {

// An operation that is tried until the system does not say EAGAIN. In between it waits for readiness, and it is tried
// again before its task continues. It is its own awaiter, so it needs no memory but the frame that awaits it.
class SocketOperation : public FdWaiter {
 public:
  SocketOperation(SocketOperation&& other) noexcept  // before it is awaited
      : socket_(other.socket_), operation_(other.operation_), result_(other.result_), reading_(other.reading_) {}
  SocketOperation& operator=(SocketOperation&&) = delete;

  bool await_ready() noexcept;
  template <CoroutinePromise P>
  bool await_suspend(std::coroutine_handle<P> awaiter,
                     std::source_location site = std::source_location::current()) noexcept {
    awaiter.promise().site_ = site;
    return begin_waiting(awaiter.promise());
  }
  std::exception_ptr take_failure();

 protected:
  // `operation`: for errors.
  SocketOperation(Descriptor& socket, bool reading, const char* operation) noexcept
      : socket_(&socket), operation_(operation), reading_(reading) {}
  ~SocketOperation() = default;

  // What the system call returns, and errno.
  virtual long attempt(int fd, FdWatch& watch) = 0;
  // Nothing needs to be attempted.
  void set_result(long result) noexcept { result_ = result; }
  long result() const noexcept { return result_; }
  [[gnu::always_inline]] void require_success() {
    if (result_ < 0 || running_scheduler->deliver_cancel) [[unlikely]]
      rethrow(hold_failure());
  }

 private:
  const std::exception_ptr& hold_failure();  // for rethrow(): see Trail::hold()
  void run(LoopCore& loop) final;
  std::exception_ptr failure_for_awaiter(PromiseBase&) final { return take_failure(); }
  bool begin_waiting(PromiseBase& awaiter) noexcept;
  FdWatch* try_now();

  Descriptor* socket_;
  const char* operation_;
  FdWatch* where_ = nullptr;  // it has to wait; null: it is over
  int fd_ = -1;
  std::exception_ptr failure_;
  long result_ = -1;
  std::uint32_t changes_ = 0;
  bool reading_;
};

class SocketAccept final : public SocketOperation {
 public:
  using value_type = std::pair<Descriptor, Address>;
  explicit SocketAccept(Descriptor& listener) noexcept : SocketOperation(listener, true, "accept") {}
  [[gnu::always_inline]] value_type await_resume() {
    require_success();
    return take_value();
  }
  value_type take_value() noexcept { return value_type(std::move(accepted_), peer_); }

 private:
  long attempt(int fd, FdWatch& watch) noexcept override;
  Descriptor accepted_;
  Address peer_;
};

class SocketReceive final : public SocketOperation {
 public:
  using value_type = std::size_t;
  SocketReceive(Descriptor& socket, std::span<std::byte> buffer) noexcept
      : SocketOperation(socket, true, "recv"), buffer_(buffer) {}
  [[gnu::always_inline]] std::size_t await_resume() {
    require_success();
    return take_value();
  }
  std::size_t take_value() const noexcept { return static_cast<std::size_t>(result()); }

 private:
  long attempt(int fd, FdWatch& watch) noexcept override;
  std::span<std::byte> buffer_;
};

class SocketReceiveString final : public SocketOperation {
 public:
  using value_type = std::string;
  SocketReceiveString(Descriptor& socket, std::size_t size) noexcept
      : SocketOperation(socket, true, "recv"), size_(size) {}
  [[gnu::always_inline]] std::string await_resume() {
    require_success();
    return take_value();
  }
  std::string take_value() noexcept { return std::move(received_); }

 private:
  long attempt(int fd, FdWatch& watch) override;
  std::size_t size_;
  std::string received_;
};

class SocketSendAll final : public SocketOperation {
 public:
  using value_type = void;
  SocketSendAll(Descriptor& socket, std::string_view data) noexcept
      : SocketOperation(socket, false, "send"), data_(data) {
    if (data_.empty()) set_result(0);
  }
  [[gnu::always_inline]] void await_resume() { require_success(); }
  void take_value() const noexcept {}

 private:
  long attempt(int fd, FdWatch& watch) noexcept override;
  std::string_view data_;
};

}  // namespace detail

// What these give is awaited once, or given to whatever takes a coroutine; those that are no coroutines allocate nothing.
// The socket must outlive the operation. OS errors are std::system_error naming the operation and the descriptor.
// On cancel: the operation ends at once; see each for what may have happened.

// Waits for a connection. A cancelled accept loses no connection.
[[nodiscard]] inline detail::SocketAccept sock_accept(Descriptor& listener) noexcept {
  return detail::SocketAccept(listener);
}

// Connects. Cancelled: the connection may come about all the same; close the socket.
Coro<void> sock_connect(Descriptor& socket, Address address);

// Up to `size` bytes, at least one; empty at the end of the stream. Of a stream no more than 64 KiB at once. Memory is
// taken for what has come, none while it waits. A cancelled receive loses no bytes.
[[nodiscard]] inline detail::SocketReceiveString sock_recv(Descriptor& socket, std::size_t size) noexcept {
  return detail::SocketReceiveString(socket, size);
}
// Into `buffer`, which must outlive it; gives how many, 0 at the end of the stream.
[[nodiscard]] inline detail::SocketReceive sock_recv_into(Descriptor& socket, std::span<std::byte> buffer) noexcept {
  return detail::SocketReceive(socket, buffer);
}

// All of `data`, which must outlive it. Cancelled or failed: any part of it may have been sent.
[[nodiscard]] inline detail::SocketSendAll sock_sendall(Descriptor& socket, std::string_view data) noexcept {
  return detail::SocketSendAll(socket, data);
}
[[nodiscard]] inline detail::SocketSendAll sock_sendall(Descriptor& socket, std::span<const std::byte> data) noexcept {
  return sock_sendall(socket, std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
}

}  // namespace heed

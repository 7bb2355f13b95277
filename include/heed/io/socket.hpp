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

// What all operations have.
class SocketOperation : public FdWaiter {
 public:
  SocketOperation(SocketOperation&& other) noexcept
      : FdWaiter(other.reading()), socket_(other.socket_), result_(other.result_) {}
  SocketOperation& operator=(SocketOperation&&) = delete;

  template <CoroutinePromise P>
  bool await_suspend(std::coroutine_handle<P> awaiter,
                     std::source_location site = std::source_location::current()) noexcept {
    awaiter.promise().site_ = site;
    return begin_waiting(awaiter.promise());
  }
  std::exception_ptr take_failure();

 protected:
  SocketOperation(Descriptor& socket, bool reading) noexcept : FdWaiter(reading), socket_(&socket) {}
  ~SocketOperation() = default;

  // Nothing needs to be attempted.
  void set_result(long result) noexcept { result_ = result; }
  long result() const noexcept { return result_; }
  [[gnu::always_inline]] void require_success() {
    if (result_ < 0 || running_scheduler->deliver_cancel) [[unlikely]]
      rethrow(hold_failure());
  }

 private:
  template <class Operation>
  friend class TriedOperation;
  const std::exception_ptr& hold_failure();  // for rethrow(): see Trail::hold()
  std::exception_ptr failure_for_awaiter(PromiseBase&) final { return take_failure(); }
  bool begin_waiting(PromiseBase& awaiter) noexcept;

  Descriptor* socket_;
  std::exception_ptr failure_;
  long result_ = -1;
  int fd_ = -1;
  std::uint32_t changes_ = 0;
};

// An operation that is tried until the system does not say EAGAIN. In between it waits for readiness, and it is tried
// again before its task continues. It is its own awaiter, so it needs no memory but the frame that awaits it.
// `Operation` is the derived class. It has `long attempt(int fd, FdWatch&)`: what the system call returns, and errno; and
// `const char* operation() const`, for errors. (No virtual functions: after a system call the processor has forgotten
// whither it returns, and each level costs it a wrong guess.)
template <class Operation>
class TriedOperation : public SocketOperation {
 public:
  bool await_ready() noexcept;

 protected:
  using SocketOperation::SocketOperation;
  TriedOperation(TriedOperation&&) noexcept = default;  // before it is awaited
  ~TriedOperation() = default;

 private:
  void run(LoopCore& loop) final;
  bool try_now();
};

class SocketAccept final : public TriedOperation<SocketAccept> {
 public:
  using value_type = std::pair<Descriptor, Address>;
  explicit SocketAccept(Descriptor& listener) noexcept : TriedOperation(listener, true) {}
  [[gnu::always_inline]] value_type await_resume() {
    require_success();
    return take_value();
  }
  value_type take_value() noexcept { return value_type(std::move(accepted_), peer_); }

 private:
  friend TriedOperation;
  const char* operation() const noexcept { return "accept"; }
  long attempt(int fd, FdWatch& watch) noexcept;
  Descriptor accepted_;
  Address peer_;
};

class SocketReceive final : public TriedOperation<SocketReceive> {
 public:
  using value_type = std::size_t;
  SocketReceive(Descriptor& socket, std::span<std::byte> buffer) noexcept
      : TriedOperation(socket, true), buffer_(buffer) {}
  [[gnu::always_inline]] std::size_t await_resume() {
    require_success();
    return take_value();
  }
  std::size_t take_value() const noexcept { return static_cast<std::size_t>(result()); }

 private:
  friend TriedOperation;
  const char* operation() const noexcept { return "recv"; }
  long attempt(int fd, FdWatch& watch) noexcept;
  std::span<std::byte> buffer_;
};

class SocketReceiveString final : public TriedOperation<SocketReceiveString> {
 public:
  using value_type = std::string;
  SocketReceiveString(Descriptor& socket, std::size_t size) noexcept : TriedOperation(socket, true), size_(size) {}
  [[gnu::always_inline]] std::string await_resume() {
    require_success();
    return take_value();
  }
  std::string take_value() noexcept { return std::move(received_); }

 private:
  friend TriedOperation;
  const char* operation() const noexcept { return "recv"; }
  long attempt(int fd, FdWatch& watch);
  std::size_t size_;
  std::string received_;
};

class SocketSendAll final : public TriedOperation<SocketSendAll> {
 public:
  using value_type = void;
  SocketSendAll(Descriptor& socket, std::string_view data) noexcept : TriedOperation(socket, false), data_(data) {
    if (data_.empty()) set_result(0);
  }
  [[gnu::always_inline]] void await_resume() { require_success(); }
  void take_value() const noexcept {}

 private:
  friend TriedOperation;
  const char* operation() const noexcept { return "send"; }
  long attempt(int fd, FdWatch& watch) noexcept;
  std::string_view data_;
};

extern template class TriedOperation<SocketAccept>;
extern template class TriedOperation<SocketReceive>;
extern template class TriedOperation<SocketReceiveString>;
extern template class TriedOperation<SocketSendAll>;

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

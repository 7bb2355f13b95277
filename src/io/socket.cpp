#include "heed/io/socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed {

namespace {

constexpr std::size_t most_received_at_once = 64 * 1024;  // what a loop keeps for receiving

[[noreturn]] void fail(int error, const char* operation, int fd) {
  throw std::system_error(error, std::generic_category(),
                          std::string(operation) + " on descriptor " + std::to_string(fd));
}

}  // namespace

namespace detail {

// --- any operation ---------------------------------------------------------------------------------------------------

bool SocketOperation::begin_waiting(PromiseBase& awaiter) noexcept {
  if (failure_) return false;
  try {
    begin(awaiter);
    return true;
  } catch (...) {
    failure_ = std::current_exception();
    return false;
  }
}

std::exception_ptr SocketOperation::take_failure() {
  if (std::exception_ptr cancelled = take_pending_cancel()) return cancelled;
  return std::exchange(failure_, nullptr);
}

const std::exception_ptr& SocketOperation::hold_failure() { return running_scheduler->trail.hold(take_failure()); }

template <class Operation>
bool TriedOperation<Operation>::await_ready() noexcept {
  fd_ = socket_->fd();
  changes_ = socket_->changes();
  try {
    set_watch(socket_->watch());
    return try_now();
  } catch (...) {
    result_ = -1;  // even with nothing to send
    failure_ = std::current_exception();
    return false;  // as one that fails when it begins to wait
  }
}

// False: it has to wait.
template <class Operation>
inline bool TriedOperation<Operation>::try_now() {
  auto& self = static_cast<Operation&>(*this);
  FdDirection& direction = watch().direction(reading());
  if (result_ >= 0) return true;
  if (direction.drained && !direction.hangup) return false;
  do {
    result_ = self.attempt(fd_, watch());
  } while (result_ < 0 && errno == EINTR);
  if (result_ >= 0) return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK) fail(errno, self.operation(), fd_);
  direction.drained = true;
  direction.hangup = false;  // this direction still blocks: the next event will tell
  return false;
}

// An event came. A task that is to get a cancellation receives nothing any more: it could not tell anybody.
template <class Operation>
void TriedOperation<Operation>::run(LoopCore& loop) {
  if (!task().has_request_to_deliver()) {
    try {
      if (socket_->changes() != changes_) fail(EBADF, static_cast<Operation&>(*this).operation(), fd_);
      if (watch().fd != fd_) set_watch(socket_->watch());  // forgotten meanwhile
      if (!try_now()) return wait_again();
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  continue_task(loop);
}

// --- each of them ----------------------------------------------------------------------------------------------------

inline long SocketAccept::attempt(int fd, FdWatch&) noexcept {
  for (;;) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    int accepted = ::accept4(fd, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0 && errno == ECONNABORTED) continue;  // the peer gave up while it was in the queue
    if (accepted < 0) return -1;
    accepted_ = Descriptor::adopt(accepted);
    peer_ = Address::from(storage, size);
    return 0;
  }
}

inline long SocketReceive::attempt(int fd, FdWatch& watch) noexcept {
  ssize_t count = ::recv(fd, buffer_.data(), buffer_.size(), 0);
  // Less than asked for: the kernel has no more, and an attempt before the next event would be in vain.
  if (count > 0 && static_cast<std::size_t>(count) < buffer_.size()) watch.read.drained = watch.stream;
  return count;
}

// Received into one buffer that all sockets of the loop share, since how much there is shows only then, and copied.
inline long SocketReceiveString::attempt(int fd, FdWatch& watch) {
  std::string& buffer = running_scheduler->core().fds().receive_buffer;
  std::size_t most = watch.stream ? std::min(size_, most_received_at_once) : size_;
  if (buffer.size() < most) buffer.resize(most);
  ssize_t count = ::recv(fd, buffer.data(), most, 0);
  if (count <= 0) return count;
  auto size = static_cast<std::size_t>(count);
  if (size < most) watch.read.drained = watch.stream;
  try {
    received_ = std::string(buffer.data(), size);
  } catch (const std::bad_alloc&) {  // then the buffer itself: the bytes are nowhere else
    buffer.resize(size);
    received_ = std::exchange(buffer, {});
  }
  return count;
}

inline long SocketSendAll::attempt(int fd, FdWatch&) noexcept {
  ssize_t count = ::send(fd, data_.data(), data_.size(), MSG_NOSIGNAL);
  if (count < 0) return count;
  data_.remove_prefix(static_cast<std::size_t>(count));
  if (data_.empty()) return 0;
  errno = EAGAIN;  // the kernel takes no more now
  return -1;
}

template class TriedOperation<SocketAccept>;
template class TriedOperation<SocketReceive>;
template class TriedOperation<SocketReceiveString>;
template class TriedOperation<SocketSendAll>;

namespace {

// A connect that has begun is over.
class SocketConnected final : public TriedOperation<SocketConnected> {
 public:
  using value_type = void;
  SocketConnected(Descriptor& socket, const char* operation) noexcept
      : TriedOperation(socket, false), operation_(operation) {}
  [[gnu::always_inline]] void await_resume() { require_success(); }

 private:
  friend TriedOperation;
  const char* operation() const noexcept { return operation_; }
  long attempt(int fd, FdWatch&) noexcept {
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
  const char* operation_;
};

}  // namespace

}  // namespace detail

Coro<void> sock_connect(Descriptor& socket, Address address) {
  const std::string operation = "connect to " + address.to_string();
  if (::connect(socket.fd(), address.data(), address.size()) == 0) co_return;
  if (errno != EINPROGRESS && errno != EINTR) fail(errno, operation.c_str(), socket.fd());
  // Watched from here on only: a socket that is not connecting is "hung up".
  co_await detail::SocketConnected(socket, operation.c_str());
}

}  // namespace heed

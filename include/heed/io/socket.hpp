// Socket operations that suspend: asyncio's loop.sock_*.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "heed/core/coro.hpp"
#include "heed/io/descriptor.hpp"

namespace heed {

// The socket must outlive the operation. OS errors are std::system_error naming the operation and the descriptor.
// On cancel: the operation ends at once; see each for what may have happened.

// Waits for a connection. A cancelled accept loses no connection.
Coro<std::pair<Descriptor, Address>> sock_accept(Descriptor& listener);

// Connects. Cancelled: the connection may come about all the same; close the socket.
Coro<void> sock_connect(Descriptor& socket, Address address);

// Up to `size` bytes, at least one; empty at the end of the stream. A cancelled receive loses no bytes.
Coro<std::string> sock_recv(Descriptor& socket, std::size_t size);
// The same into `buffer`, which must outlive it; returns how many, 0 at the end of the stream.
Coro<std::size_t> sock_recv_into(Descriptor& socket, std::span<std::byte> buffer);

// All of `data`, which must outlive it. Cancelled or failed: any part of it may have been sent.
Coro<void> sock_sendall(Descriptor& socket, std::string_view data);
inline Coro<void> sock_sendall(Descriptor& socket, std::span<const std::byte> data) {
  return sock_sendall(socket, std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
}

}  // namespace heed

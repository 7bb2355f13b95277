// W10: heed's echo server, the same as the peers': echo_server PORT.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <system_error>
#include <vector>

#include "heed/heed.hpp"
#include "heed/io/socket.hpp"

using namespace heed;

namespace {

Coro<> session(Descriptor socket) {
  int on = 1;
  setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::vector<std::byte> buffer(8192);
  try {
    while (std::size_t size = co_await sock_recv_into(socket, buffer))
      co_await sock_sendall(socket, std::span<const std::byte>(buffer).first(size));
  } catch (const std::system_error&) {  // the client went away
  }
}

Coro<> serve(std::uint16_t port) {
  Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", port), 4096);
  for (;;) {
    auto [socket, address] = co_await sock_accept(listener);
    create_task(session(std::move(socket)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  run(serve(static_cast<std::uint16_t>(std::atoi(argv[1]))));
}

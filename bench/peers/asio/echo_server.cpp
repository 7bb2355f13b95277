// W10: Boost.Asio's echo server.
#include <boost/asio.hpp>
#include <cstdlib>
namespace net = boost::asio;
using tcp = net::ip::tcp;
using Ex = net::any_io_executor;
static const auto tok = net::as_tuple(net::use_awaitable_t<Ex>{});
using Sock = net::basic_stream_socket<tcp, Ex>;
using Acc = net::basic_socket_acceptor<tcp, Ex>;
static net::awaitable<void, Ex> session(Sock s) {
  s.set_option(tcp::no_delay(true));
  char buf[8192];
  for (;;) {
    auto [e, n] = co_await s.async_read_some(net::buffer(buf), tok);
    if (e) break;
    auto [e2, m] = co_await net::async_write(s, net::buffer(buf, n), tok);
    if (e2) break;
  }
}
static net::awaitable<void, Ex> listen(Ex ex, int port) {
  Acc a(ex, tcp::endpoint(net::ip::address_v4::loopback(), port));
  for (;;) {
    Sock s(ex);
    auto [e] = co_await a.async_accept(s, tok);
    if (e) break;
    net::co_spawn(ex, session(std::move(s)), net::detached);
  }
}
int main(int, char** v) {
  net::io_context c(1);
  net::co_spawn(c.get_executor(), listen(Ex(c.get_executor()), atoi(v[1])), net::detached);
  c.run();
}

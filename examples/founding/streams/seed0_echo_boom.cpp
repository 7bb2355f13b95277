// An echo coroutine whose task handles its own failure: "boom" raises, is logged, and the connection is closed.
#include "heed/io/socket.hpp"
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> echo(Descriptor connection) {
  Finally finally([&] {
    connection.close();
    log("connection closed");
  });
  try {
    for (;;) {
      std::string data = co_await sock_recv(connection, 1024);
      if (data.empty()) co_return;
      log("got data", data);
      if (data == "boom\r\n") throw std::runtime_error("unexpected network error");
      co_await sock_sendall(connection, data);
    }
  } catch (const std::runtime_error&) {
    log("logged:", std::current_exception());
  }
}

Coro<> program() {
  auto [here, there] = Descriptor::socket_pair();
  Task<> task = create_task(echo(std::move(there)));
  co_await sock_sendall(here, "hello\r\n");
  std::string answer = co_await sock_recv(here, 1024);
  log("echoed", answer);
  co_await sock_sendall(here, "boom\r\n");
  answer = co_await sock_recv(here, 1024);
  log("peer closed:", answer.empty());
  log("task", outcome(task));
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance

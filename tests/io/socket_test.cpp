// The socket operations: errors of the operating system, back-pressure, the end of the stream, cancellation.
#include "heed/io/socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "heed/core/fd_table.hpp"
#include "heed/core/loop_core.hpp"
#include "support/coroutines.hpp"
#include "support/exceptions.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

void write_to(const Descriptor& socket, std::string_view text) {
  EXPECT_EQ(::write(socket.fd(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// Everything that is there now.
std::string read_from(const Descriptor& socket) {
  std::string all, part(1 << 16, '\0');
  for (;;) {
    ssize_t count = ::read(socket.fd(), part.data(), part.size());
    if (count <= 0) return all;
    all.append(part, 0, static_cast<std::size_t>(count));
  }
}

void fill(const Descriptor& socket) {
  std::string block(1 << 16, 'f');
  while (::send(socket.fd(), block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) continue;
}

// Closing this end sends a reset instead of an end of stream.
void reset_on_close(const Descriptor& socket) {
  linger now{1, 0};
  ASSERT_EQ(::setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
}

// An address of this machine where nobody listens.
Address nobody() { return Descriptor::listening(Address::ip("127.0.0.1", 0)).local_address(); }

Coro<std::string> receive_all(Descriptor& socket) {
  std::string all;
  for (;;) {
    std::string part = co_await sock_recv(socket, 1 << 16);
    if (part.empty()) co_return std::move(all);
    all += part;
  }
}

class Sockets : public RealLoopTest {
 protected:
  Sockets() { std::tie(here, there) = Descriptor::socket_pair(); }

  // A connection over IP.
  std::pair<Descriptor, Descriptor> connection() {
    Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", 0));
    auto both = [](Descriptor& from) -> Coro<std::pair<Descriptor, Descriptor>> {
      Descriptor client = Descriptor::stream_socket(AF_INET);
      co_await sock_connect(client, from.local_address());
      std::pair<Descriptor, Address> accepted = co_await sock_accept(from);
      std::pair<Descriptor, Descriptor> ends(std::move(client), std::move(accepted.first));
      co_return std::move(ends);
    };
    return loop.run_until_complete(both(listener));
  }

  template <detail::LeafAwaitable A>
  std::exception_ptr error_of(A operation) {
    return error_of(as_coro(std::move(operation)));
  }
  template <class T>
  std::exception_ptr error_of(Coro<T> operation) {
    return caught([&] { loop.run_until_complete(std::move(operation)); });
  }
  // Nobody waits for this descriptor.
  void expect_no_waiters(const Descriptor& socket) {
    detail::FdWatch* watch = loop.core().fds().find(socket.fd());
    if (!watch) return;
    EXPECT_TRUE(watch->read.waiters.empty());
    EXPECT_TRUE(watch->write.waiters.empty());
  }
  std::string on(const Descriptor& socket) { return " on descriptor " + std::to_string(socket.fd()); }

  Descriptor here, there;
};

// --- errors ----------------------------------------------------------------------------------------------------------

TEST_F(Sockets, connecting_to_nobody_is_refused_with_the_address) {
  Descriptor client = Descriptor::stream_socket(AF_INET);
  Address address = nobody();
  std::exception_ptr error = error_of(sock_connect(client, address));
  EXPECT_EQ(code_of(error), std::errc::connection_refused);
  EXPECT_EQ(describe(error),
            "std::system_error: connect to " + address.to_string() + on(client) + ": Connection refused");
  expect_no_waiters(client);
}

TEST_F(Sockets, connecting_to_a_path_where_nothing_is_fails) {
  Descriptor client = Descriptor::stream_socket(AF_UNIX);
  EXPECT_EQ(code_of(error_of(sock_connect(client, Address::unix_path("/nowhere/at/all")))),
            std::errc::no_such_file_or_directory);
}

TEST_F(Sockets, connecting_what_is_connected_fails) {
  auto [client, server] = connection();
  EXPECT_EQ(code_of(error_of(sock_connect(server, server.peer_address()))), std::errc::already_connected);
}

TEST_F(Sockets, connecting_with_an_address_of_another_family_fails) {
  Descriptor client = Descriptor::stream_socket(AF_INET);
  EXPECT_EQ(code_of(error_of(sock_connect(client, Address::ip("::1", 1)))), std::errc::address_family_not_supported);
}

TEST_F(Sockets, a_reset_by_the_peer_is_no_end_of_the_stream) {
  auto [client, server] = connection();
  reset_on_close(server);
  server.close();
  std::exception_ptr error = error_of(sock_recv(client, 10));
  EXPECT_EQ(code_of(error), std::errc::connection_reset);
  EXPECT_EQ(describe(error), "std::system_error: recv" + on(client) + ": Connection reset by peer");
}

TEST_F(Sockets, a_reset_ends_a_receive_that_waits) {
  auto [client, server] = connection();
  Task<std::string> receiving = loop.create_task(sock_recv(client, 10));
  loop.turn();
  EXPECT_FALSE(receiving.done());
  reset_on_close(server);
  server.close();
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(receiving); })), std::errc::connection_reset);
}

TEST_F(Sockets, a_reset_ends_a_send_that_waits) {
  auto [client, server] = connection();
  fill(client);
  Task<> sending = loop.create_task(sock_sendall(client, "more"));
  loop.turn();
  EXPECT_FALSE(sending.done());
  reset_on_close(server);
  server.close();
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(sending); })), std::errc::connection_reset);
}

TEST_F(Sockets, sending_to_a_peer_that_is_gone_fails_without_a_signal) {
  there.close();
  std::exception_ptr error = error_of(sock_sendall(here, "x"));  // SIGPIPE would end the program
  EXPECT_EQ(code_of(error), std::errc::broken_pipe);
  EXPECT_EQ(describe(error), "std::system_error: send" + on(here) + ": Broken pipe");
}

TEST_F(Sockets, sending_after_a_shutdown_fails) {
  ::shutdown(here.fd(), SHUT_WR);
  EXPECT_EQ(code_of(error_of(sock_sendall(here, "x"))), std::errc::broken_pipe);
}

TEST_F(Sockets, accepting_on_a_socket_that_does_not_listen_fails) {
  Descriptor socket = Descriptor::stream_socket(AF_INET);
  EXPECT_EQ(code_of(error_of(sock_accept(socket))), std::errc::invalid_argument);
}

TEST_F(Sockets, what_is_no_socket_is_refused) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Descriptor reader(ends[0]), writer(ends[1]);
  std::exception_ptr error = error_of(sock_recv(reader, 1));
  EXPECT_EQ(describe(error), "std::system_error: recv" + on(reader) + ": Socket operation on non-socket");
  EXPECT_EQ(code_of(error_of(sock_sendall(writer, "x"))), std::errc::not_a_socket);
}

TEST_F(Sockets, a_closed_descriptor_is_refused_by_every_operation) {
  Descriptor closed;
  std::array<std::byte, 4> buffer{};
  for (const std::exception_ptr& error :
       {error_of(sock_recv(closed, 1)), error_of(sock_recv_into(closed, buffer)), error_of(sock_sendall(closed, "x")),
        error_of(sock_sendall(closed, "")), error_of(sock_accept(closed)),
        error_of(sock_connect(closed, Address::ip("127.0.0.1", 1)))}) {
    EXPECT_EQ(code_of(error), std::errc::bad_file_descriptor);
  }
}

TEST_F(Sockets, as_result_and_pass_know_of_an_operation_that_fails_at_once) {
  Descriptor closed;
  std::byte buffer[1];
  std::vector<std::string> seen;
  auto looks = [&]() -> Coro<> {
    Outcome<std::size_t> received = co_await as_result(sock_recv_into(closed, buffer));
    if (received.failed()) seen.push_back("outcome");
  };
  auto passes = [&]() -> Coro<> {
    try {
      co_await pass(sock_sendall(closed, "x"));
    } catch (const std::system_error&) {
      seen.push_back("thrown here");
    }
  };
  loop.run_until_complete(looks());
  EXPECT_EQ(code_of(error_of(passes())), std::errc::bad_file_descriptor);
  EXPECT_EQ(seen, std::vector<std::string>{"outcome"});
}

TEST_F(Sockets, one_that_another_loop_uses_is_refused_by_every_operation) {
  TestLoop other;
  write_to(there, "x");
  other.run_until_complete(sock_recv(here, 10));
  std::string text = "descriptor " + std::to_string(here.fd()) + " belongs to a different event loop";
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(sock_recv(here, 1)); }), text);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(sock_sendall(here, "x")); }), text);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(sock_sendall(here, "")); }), text);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(sock_accept(here)); }), text);
  close_and_check(other);
}

TEST_F(Sockets, a_blocking_socket_does_not_block_the_loop) {  // asyncio refuses it in debug mode
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  Descriptor taken(ends[0]), peer(ends[1]);
  Task<std::string> receiving = loop.create_task(sock_recv(taken, 10));
  loop.turn();
  EXPECT_FALSE(receiving.done());
  write_to(peer, "x");
  EXPECT_EQ(loop.run_until_complete(receiving), "x");
}

// --- receiving -------------------------------------------------------------------------------------------------------

TEST_F(Sockets, what_is_there_is_received_without_a_turn_of_the_loop) {
  write_to(there, "hello");
  Task<std::string> receiving = loop.create_task(sock_recv(here, 100));
  loop.turn();
  ASSERT_TRUE(receiving.done());
  EXPECT_EQ(receiving.result(), "hello");
}

TEST_F(Sockets, a_receive_waits_until_something_comes) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 100));
  loop.turn(3);
  EXPECT_FALSE(receiving.done());
  write_to(there, "late");
  loop.turn();
  ASSERT_TRUE(receiving.done());
  EXPECT_EQ(receiving.result(), "late");
}

TEST_F(Sockets, a_receive_takes_no_more_than_was_asked_for) {
  write_to(there, "abcdef");
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 4)), "abcd");
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 4)), "ef");
}

TEST_F(Sockets, the_end_of_the_stream_is_empty_each_time) {
  there.close();
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "");
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "");
}

TEST_F(Sockets, the_end_of_the_stream_ends_a_receive_that_waits) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  there.close();
  EXPECT_EQ(loop.run_until_complete(receiving), "");
}

TEST_F(Sockets, what_was_sent_before_the_end_comes_before_the_end) {
  write_to(there, "last words");
  there.close();
  EXPECT_EQ(loop.run_until_complete(receive_all(here)), "last words");
}

TEST_F(Sockets, the_end_that_comes_right_after_the_bytes_is_seen) {
  Task<std::string> receiving = loop.create_task(receive_all(here));
  loop.turn();
  write_to(there, "a");
  loop.turn();  // takes all there is
  there.close();
  EXPECT_EQ(loop.run_until_complete(receiving), "a");
}

TEST_F(Sockets, a_peer_that_only_stops_sending_can_still_receive) {
  ::shutdown(there.fd(), SHUT_WR);
  EXPECT_EQ(loop.run_until_complete(receive_all(here)), "");
  loop.run_until_complete(sock_sendall(here, "answer"));
  EXPECT_EQ(read_from(there), "answer");
}

TEST_F(Sockets, what_is_received_takes_no_more_memory_than_it_needs) {
  write_to(there, "abc");
  EXPECT_LT(loop.run_until_complete(sock_recv(here, 1 << 16)).capacity(), 100u);
}

TEST_F(Sockets, a_long_message_is_received_in_parts_without_a_turn_of_the_loop) {
  std::string sent(100000, 'a');
  write_to(there, sent);
  auto both = [&]() -> Coro<std::string> {
    std::string first = co_await sock_recv(here, 1 << 20);
    std::string second = co_await sock_recv(here, 1 << 20);
    EXPECT_EQ(first.size(), 65536u);
    co_return first + second;
  };
  Task<std::string> receiving = loop.create_task(both());
  loop.turn();
  ASSERT_TRUE(receiving.done());
  EXPECT_EQ(receiving.result(), sent);
}

TEST_F(Sockets, a_long_datagram_is_received_whole) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
  Descriptor receiver(ends[0]), sender(ends[1]);
  write_to(sender, std::string(100000, 'd'));
  EXPECT_EQ(loop.run_until_complete(sock_recv(receiver, 1 << 17)).size(), 100000u);
}

TEST_F(Sockets, receiving_nothing_takes_nothing) {
  write_to(there, "kept");
  std::array<std::byte, 0> none{};
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 0)), "");
  EXPECT_EQ(loop.run_until_complete(sock_recv_into(here, none)), 0u);
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "kept");
}

TEST_F(Sockets, a_receive_into_a_buffer_leaves_the_rest_of_it_alone) {
  write_to(there, "ab");
  std::array<std::byte, 4> buffer{std::byte('-'), std::byte('-'), std::byte('-'), std::byte('-')};
  EXPECT_EQ(loop.run_until_complete(sock_recv_into(here, buffer)), 2u);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer.data()), 4), "ab--");
  there.close();
  EXPECT_EQ(loop.run_until_complete(sock_recv_into(here, buffer)), 0u);
}

TEST_F(Sockets, two_tasks_that_wait_for_one_descriptor_are_both_served) {
  Task<std::string> first = loop.create_task(sock_recv(here, 1));
  Task<std::string> second = loop.create_task(sock_recv(here, 1));
  loop.turn();
  write_to(there, "ab");
  loop.turn();
  EXPECT_EQ(first.result(), "a");
  EXPECT_EQ(second.result(), "b");
}

TEST_F(Sockets, of_two_tasks_the_one_that_found_nothing_waits_on) {
  Task<std::string> first = loop.create_task(sock_recv(here, 10));
  Task<std::string> second = loop.create_task(sock_recv(here, 10));
  loop.turn();
  write_to(there, "ab");
  loop.turn(2);
  EXPECT_EQ(first.result(), "ab");
  EXPECT_FALSE(second.done());
  write_to(there, "cd");
  EXPECT_EQ(loop.run_until_complete(second), "cd");
}

TEST_F(Sockets, the_end_of_the_stream_is_told_to_all_who_wait) {
  Task<std::string> first = loop.create_task(sock_recv(here, 10));
  Task<std::string> second = loop.create_task(sock_recv(here, 10));
  loop.turn();
  there.close();
  EXPECT_EQ(loop.run_until_complete(first), "");
  EXPECT_EQ(loop.run_until_complete(second), "");
}

TEST_F(Sockets, one_task_may_send_while_another_one_receives) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  loop.run_until_complete(sock_sendall(here, "question"));
  EXPECT_FALSE(receiving.done());
  EXPECT_EQ(read_from(there), "question");
  write_to(there, "answer");
  EXPECT_EQ(loop.run_until_complete(receiving), "answer");
}

TEST_F(Sockets, each_of_several_datagrams_is_received) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
  Descriptor receiver(ends[0]), sender(ends[1]);
  for (const char* text : {"a", "b", "c", "d"}) write_to(sender, text);
  auto all = [](Descriptor& socket) -> Coro<std::string> {
    std::string text;
    for (int i = 0; i < 4; ++i) {
      text += co_await sock_recv(socket, 100);
      co_await yield_now();
      co_await yield_now();
    }
    co_return std::move(text);
  };
  Task<std::string> receiving = loop.create_task(all(receiver));
  loop.turn(30);
  ASSERT_TRUE(receiving.done());
  EXPECT_EQ(receiving.result(), "abcd");
}

// --- sending ---------------------------------------------------------------------------------------------------------

TEST_F(Sockets, a_send_that_fits_needs_no_turn_of_the_loop) {
  Task<> sending = loop.create_task(sock_sendall(here, "hello"));
  loop.turn();
  EXPECT_TRUE(sending.done());
  EXPECT_EQ(read_from(there), "hello");
}

TEST_F(Sockets, sending_nothing_sends_nothing) {
  loop.run_until_complete(sock_sendall(here, ""));
  loop.run_until_complete(sock_sendall(here, std::span<const std::byte>()));
  EXPECT_EQ(read_from(there), "");
}

TEST_F(Sockets, sending_nothing_does_not_wait_for_room) {
  fill(here);
  Task<> blocked = loop.create_task(sock_sendall(here, "x"));
  loop.turn();
  Task<> nothing = loop.create_task(sock_sendall(here, ""));
  loop.turn();
  EXPECT_TRUE(nothing.done());
  EXPECT_FALSE(blocked.done());
  blocked.cancel();
  loop.turn();
}

TEST_F(Sockets, a_full_buffer_holds_the_sender_back_until_the_peer_reads) {
  fill(here);
  Task<> sending = loop.create_task(sock_sendall(here, "more"));
  loop.turn(3);
  EXPECT_FALSE(sending.done());
  read_from(there);
  loop.run_until_complete(sending);
  EXPECT_EQ(read_from(there), "more");
}

TEST_F(Sockets, a_very_large_send_arrives_complete_and_in_order) {
  for (bool over_ip : {false, true}) {
    auto [from, to] = over_ip ? connection() : Descriptor::socket_pair();
    std::string data(8 << 20, '\0');
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 + i / 251);
    Task<std::string> receiving = loop.create_task(receive_all(to));
    loop.run_until_complete(sock_sendall(from, data));
    from.close();
    EXPECT_TRUE(loop.run_until_complete(receiving) == data);
  }
}

TEST_F(Sockets, two_large_sends_at_once_both_arrive) {
  std::string a(1 << 20, 'a'), b(1 << 20, 'b');
  Task<std::string> receiving = loop.create_task(receive_all(there));
  Task<> first = loop.create_task(sock_sendall(here, a));
  Task<> second = loop.create_task(sock_sendall(here, b));
  loop.run_until_complete(first);
  loop.run_until_complete(second);
  here.close();
  std::string all = loop.run_until_complete(receiving);
  EXPECT_EQ(std::count(all.begin(), all.end(), 'a'), 1 << 20);
  EXPECT_EQ(std::count(all.begin(), all.end(), 'b'), 1 << 20);
}

// --- connecting and accepting ----------------------------------------------------------------------------------------

TEST_F(Sockets, an_accepted_connection_comes_with_the_address_of_the_peer) {
  Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", 0));
  Descriptor client = Descriptor::stream_socket(AF_INET);
  Task<std::pair<Descriptor, Address>> accepting = loop.create_task(sock_accept(listener));
  loop.turn();
  EXPECT_FALSE(accepting.done());
  loop.run_until_complete(sock_connect(client, listener.local_address()));
  auto [server, address] = loop.run_until_complete(std::move(accepting));
  EXPECT_EQ(address.to_string(), client.local_address().to_string());
  EXPECT_NE(::fcntl(server.fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(server.fd(), F_GETFD) & FD_CLOEXEC, 0);
  loop.run_until_complete(sock_sendall(server, "welcome"));
  EXPECT_EQ(loop.run_until_complete(sock_recv(client, 100)), "welcome");
}

TEST_F(Sockets, connections_that_queued_up_are_accepted_one_by_one) {
  Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", 0));
  std::vector<Descriptor> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(Descriptor::stream_socket(AF_INET));
    loop.run_until_complete(sock_connect(clients.back(), listener.local_address()));
  }
  for (Descriptor& client : clients) {
    auto [server, address] = loop.run_until_complete(sock_accept(listener));
    EXPECT_EQ(address.port(), client.local_address().port());
  }
}

// --- cancelled -------------------------------------------------------------------------------------------------------

TEST_F(Sockets, a_cancelled_receive_leaves_nobody_waiting_and_the_bytes_to_the_next) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  EXPECT_TRUE(receiving.cancel());
  loop.turn();
  EXPECT_TRUE(receiving.cancelled());
  expect_no_waiters(here);
  write_to(there, "later");
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "later");
}

TEST_F(Sockets, bytes_that_came_before_the_cancelled_receive_saw_them_are_not_lost) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  write_to(there, "bytes");
  receiving.cancel();
  loop.turn();
  EXPECT_TRUE(receiving.cancelled());
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "bytes");
}

TEST_F(Sockets, bytes_that_come_in_the_iteration_of_the_cancel_are_not_lost) {
  Task<std::string> receiving;
  Handle canceller = loop.add_reader(here.fd(), [&] {
    receiving.cancel();  // the task is ready as well, behind or before this
    loop.remove_reader(here.fd());
  });
  receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  write_to(there, "bytes");
  loop.turn(2);
  ASSERT_TRUE(receiving.done());
  std::string got = receiving.cancelled() ? loop.run_until_complete(sock_recv(here, 10)) : receiving.result();
  EXPECT_EQ(got, "bytes");
}

TEST_F(Sockets, a_receive_that_is_cancelled_when_it_is_ready_already_is_cancelled_and_loses_no_bytes) {
  Task<std::string> receiving;
  auto [first_here, first_there] = Descriptor::socket_pair();
  auto cancels = [](Descriptor& socket, Task<std::string>& other) -> Coro<> {
    co_await sock_recv(socket, 10);
    other.cancel();
  };
  Task<> canceller = loop.create_task(cancels(first_here, receiving));
  receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  write_to(first_there, "go");  // reported first, so the canceller runs when the other one is ready behind it
  write_to(there, "bytes");
  loop.turn(2);
  EXPECT_TRUE(canceller.done());
  EXPECT_TRUE(receiving.cancelled());
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "bytes");
}

TEST_F(Sockets, one_cancelled_waiter_does_not_disturb_the_other) {
  Task<std::string> first = loop.create_task(sock_recv(here, 10));
  Task<std::string> second = loop.create_task(sock_recv(here, 10));
  loop.turn();
  first.cancel();
  write_to(there, "ab");
  EXPECT_EQ(loop.run_until_complete(second), "ab");
  EXPECT_TRUE(first.cancelled());
}

TEST_F(Sockets, a_cancelled_accept_loses_no_connection) {
  Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", 0));
  Task<std::pair<Descriptor, Address>> accepting = loop.create_task(sock_accept(listener));
  loop.turn();
  Descriptor client = Descriptor::stream_socket(AF_INET);
  Task<> connecting = loop.create_task(sock_connect(client, listener.local_address()));
  accepting.cancel();
  loop.run_until_complete(connecting);
  EXPECT_TRUE(accepting.cancelled());
  auto [server, address] = loop.run_until_complete(sock_accept(listener));
  EXPECT_EQ(address.port(), client.local_address().port());
}

TEST_F(Sockets, a_cancelled_send_leaves_the_descriptor_usable) {
  fill(here);
  Task<> sending = loop.create_task(sock_sendall(here, "never"));
  loop.turn();
  sending.cancel();
  loop.turn();
  EXPECT_TRUE(sending.cancelled());
  expect_no_waiters(here);
  read_from(there);
  loop.run_until_complete(sock_sendall(here, "after"));
  EXPECT_EQ(read_from(there), "after");
}

TEST_F(Sockets, a_cancelled_connect_leaves_nobody_waiting) {
  // A queue that is full: the next one has to wait.
  Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", 0), 0);
  std::vector<Descriptor> clients;
  std::vector<Task<>> connecting;
  for (int i = 0; i < 4; ++i) clients.push_back(Descriptor::stream_socket(AF_INET));
  for (Descriptor& client : clients)
    connecting.push_back(loop.create_task(sock_connect(client, listener.local_address())));
  loop.turn(3);
  EXPECT_FALSE(connecting.back().done());
  for (Task<>& task : connecting) task.cancel();
  loop.turn(2);
  EXPECT_TRUE(connecting.back().cancelled());
  for (Descriptor& client : clients) expect_no_waiters(client);
}

TEST_F(Sockets, a_task_that_is_cancelled_before_it_waits_does_not_wait) {
  auto cancels_itself = [](Descriptor& socket) -> Coro<> {
    current_task().cancel();
    co_await sock_recv(socket, 10);
  };
  Task<> task = loop.create_task(cancels_itself(here));
  loop.turn(2);
  EXPECT_TRUE(task.cancelled());
  expect_no_waiters(here);
}

// --- closed while somebody waits -------------------------------------------------------------------------------------

TEST_F(Sockets, closing_a_descriptor_ends_what_waits_for_it_with_its_number) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  std::string text = "recv" + on(here) + ": Bad file descriptor";
  here.close();
  EXPECT_EQ(thrown<std::system_error>([&] { loop.run_until_complete(receiving); }), text);
}

TEST_F(Sockets, closing_a_descriptor_ends_senders_and_receivers) {
  fill(here);
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  Task<> sending = loop.create_task(sock_sendall(here, "x"));
  loop.turn();
  here.close();
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(receiving); })), std::errc::bad_file_descriptor);
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(sending); })), std::errc::bad_file_descriptor);
}

TEST_F(Sockets, releasing_a_descriptor_ends_what_waits_for_it) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  int fd = here.release();
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(receiving); })), std::errc::bad_file_descriptor);
  ::close(fd);
}

TEST_F(Sockets, moving_a_descriptor_away_does_not_move_who_waits_for_the_old_one) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  Descriptor moved = std::move(here);
  write_to(there, "x");
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(receiving); })), std::errc::bad_file_descriptor);
  EXPECT_EQ(loop.run_until_complete(sock_recv(moved, 10)), "x");
}

TEST_F(Sockets, who_waited_for_a_closed_descriptor_does_not_get_the_bytes_of_the_next_with_its_number) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  int fd = here.fd();
  here.close();
  auto [again, peer] = Descriptor::socket_pair();
  ASSERT_EQ(again.fd(), fd);
  here = std::move(again);
  write_to(peer, "secret");
  EXPECT_EQ(code_of(caught([&] { loop.run_until_complete(receiving); })), std::errc::bad_file_descriptor);
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "secret");
}

TEST_F(Sockets, who_was_ready_when_the_descriptor_was_closed_does_not_get_the_bytes_of_the_next_either) {
  Task<std::string> receiving;
  auto [first_here, first_there] = Descriptor::socket_pair();
  Descriptor peer;
  auto replaces = [](Descriptor& socket, Descriptor& replaced, Descriptor& new_peer) -> Coro<> {
    co_await sock_recv(socket, 10);
    int fd = replaced.fd();
    replaced.close();
    std::pair<Descriptor, Descriptor> ends = Descriptor::socket_pair();
    EXPECT_EQ(ends.first.fd(), fd);
    replaced = std::move(ends.first);
    new_peer = std::move(ends.second);
    write_to(new_peer, "secret");
  };
  Task<> replacing = loop.create_task(replaces(first_here, here, peer));
  receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  write_to(first_there, "go");
  write_to(there, "old");
  loop.turn(2);
  EXPECT_TRUE(replacing.done());
  ASSERT_TRUE(receiving.done());
  EXPECT_EQ(code_of(receiving.exception()), std::errc::bad_file_descriptor);
  EXPECT_EQ(loop.run_until_complete(sock_recv(here, 10)), "secret");
}

TEST_F(Sockets, a_number_that_is_used_again_is_watched_again) {
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  loop.turn();
  int fd = here.fd();
  here.close();
  auto [again, peer] = Descriptor::socket_pair();
  ASSERT_EQ(again.fd(), fd);
  Task<std::string> next = loop.create_task(sock_recv(again, 10));
  loop.turn(2);
  EXPECT_EQ(code_of(receiving.exception()), std::errc::bad_file_descriptor);
  EXPECT_FALSE(next.done());
  write_to(peer, "new");
  EXPECT_EQ(loop.run_until_complete(next), "new");
}

TEST_F(Sockets, a_loop_that_closes_ends_what_waits_with_a_report) {
  fill(here);
  loop.create_task(sock_recv(here, 10), named("receiver"));
  loop.create_task(sock_sendall(here, "x"), named("sender"));
  loop.turn();
  loop.close();
  std::vector<SeenReport> reports = loop.take_reports(2);
  for (const SeenReport& report : reports) EXPECT_EQ(report.message, "Task was destroyed but it is pending!");
  EXPECT_EQ(reports[0].task, "receiver");
  EXPECT_EQ(reports[1].task, "sender");
  here.close();
}

TEST_F(Sockets, a_loop_may_close_while_a_ready_task_has_not_run_yet) {
  auto [first_here, first_there] = Descriptor::socket_pair();
  auto stops = [](Descriptor& socket) -> Coro<> {
    co_await sock_recv(socket, 10);
    throw KeyboardInterrupt();
  };
  Task<> stopping = loop.create_task(stops(first_here));
  loop.create_task(sock_recv(here, 10), named("ready"));
  loop.turn();
  write_to(first_there, "go");
  write_to(there, "x");
  EXPECT_THROW(loop.run_forever(), KeyboardInterrupt);
  loop.close();
  EXPECT_EQ(loop.take_report().task, "ready");
  EXPECT_EQ(read_from(here), "x");
}

// --- beside add_reader() and add_writer() ----------------------------------------------------------------------------

TEST_F(Sockets, a_task_may_send_on_a_descriptor_that_has_a_reader) {
  std::string read;
  loop.add_reader(here.fd(), [&] { read += read_from(here); });
  fill(here);
  Task<> sending = loop.create_task(sock_sendall(here, "more"));
  loop.turn(2);
  EXPECT_FALSE(sending.done());
  read_from(there);
  loop.turn(2);
  EXPECT_TRUE(sending.done());
  EXPECT_EQ(read_from(there), "more");
  write_to(there, "x");
  loop.turn();
  EXPECT_EQ(read, "x");
  EXPECT_TRUE(loop.remove_reader(here.fd()));
  if (!sending.done()) sending.cancel();
  loop.turn();
}

TEST_F(Sockets, a_task_that_waits_is_served_when_a_reader_is_added_and_removed_meanwhile) {
  fill(here);
  Task<> sending = loop.create_task(sock_sendall(here, "more"));
  loop.turn();
  loop.add_reader(here.fd(), [] {});
  loop.turn();
  EXPECT_TRUE(loop.remove_reader(here.fd()));
  read_from(there);
  loop.run_until_complete(sending);
  EXPECT_EQ(read_from(there), "more");
}

TEST_F(Sockets, a_reader_that_is_removed_when_it_is_ready_does_not_run_while_a_task_waits) {
  fill(here);
  Task<> sending = loop.create_task(sock_sendall(here, "more"));
  loop.turn();
  int runs = 0;
  auto [first_here, first_there] = Descriptor::socket_pair();
  loop.add_reader(first_here.fd(), [&] {
    EXPECT_TRUE(loop.remove_reader(here.fd()));
    EXPECT_TRUE(loop.remove_reader(first_here.fd()));
  });
  loop.add_reader(here.fd(), [&] { ++runs; });
  loop.turn();
  write_to(first_there, "x");  // ready in the same iteration, and first
  write_to(there, "x");
  loop.turn(2);
  EXPECT_EQ(runs, 0);
  EXPECT_FALSE(sending.done());
  read_from(there);
  loop.run_until_complete(sending);
}

TEST_F(Sockets, a_descriptor_that_the_loop_has_forgotten_is_watched_again) {
  Task<std::string> first = loop.create_task(sock_recv(here, 10));
  write_to(there, "one");
  EXPECT_EQ(loop.run_until_complete(first), "one");
  loop.add_reader(here.fd(), [] {});
  EXPECT_TRUE(loop.remove_reader(here.fd()));  // nobody waits: it is known no more
  EXPECT_EQ(loop.core().fds().find(here.fd()), nullptr);
  Task<std::string> second = loop.create_task(sock_recv(here, 10));
  loop.turn(2);
  EXPECT_FALSE(second.done());
  write_to(there, "two");
  EXPECT_EQ(loop.run_until_complete(second), "two");
}

TEST_F(Sockets, a_receive_that_is_ready_when_the_loop_forgets_its_descriptor_may_have_to_wait_again) {
  auto [first_here, first_there] = Descriptor::socket_pair();
  loop.add_reader(here.fd(), [] {});
  Task<std::string> receiving = loop.create_task(sock_recv(here, 10));
  auto forgets = [&]() -> Coro<> {
    co_await sock_recv(first_here, 10);
    EXPECT_TRUE(loop.remove_reader(here.fd()));  // the task is ready, and waits no more
    EXPECT_EQ(loop.core().fds().find(here.fd()), nullptr);
    EXPECT_EQ(read_from(here), "first");
  };
  Task<> forgetting = loop.create_task(forgets());
  loop.turn();
  write_to(first_there, "x");
  write_to(there, "first");
  loop.run_until_complete(forgetting);
  loop.turn();
  EXPECT_FALSE(receiving.done());
  write_to(there, "second");
  EXPECT_EQ(loop.run_until_complete(receiving), "second");
}

TEST_F(Sockets, the_loop_does_not_spin_on_a_direction_that_nobody_waits_for_any_more) {
  loop.add_reader(here.fd(), [] {});
  fill(here);
  Task<> sending = loop.create_task(sock_sendall(here, "more"));
  loop.turn();
  sending.cancel();
  loop.turn();
  read_from(there);
  loop.turn(2);
  detail::FdWatch* watch = loop.core().fds().find(here.fd());
  ASSERT_NE(watch, nullptr);
  EXPECT_FALSE(watch->registered.writable);
  EXPECT_TRUE(watch->registered.readable);
  EXPECT_TRUE(loop.remove_reader(here.fd()));
}

}  // namespace
}  // namespace heed::test

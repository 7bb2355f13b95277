// Who owns a descriptor, and what is said about one that is not open.
#include "heed/io/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>

#include "heed/core/event_loop.hpp"
#include "heed/io/socket.hpp"
#include "support/coroutines.hpp"
#include "support/exceptions.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// A number that is not open, and stays so for as long as nobody opens anything.
int closed_number() {
  int fd = ::dup(STDIN_FILENO);
  ::close(fd);
  return fd;
}

using DescriptorInLoop = RealLoopTest;

// --- what is refused -------------------------------------------------------------------------------------------------

TEST(Descriptor, a_number_that_is_not_open_is_refused_and_named) {
  int fd = closed_number();
  std::exception_ptr error = caught([&] { Descriptor descriptor(fd); });
  EXPECT_EQ(code_of(error), std::errc::bad_file_descriptor);
  EXPECT_EQ(describe(error),
            "std::system_error: cannot take over file descriptor " + std::to_string(fd) + ": Bad file descriptor");
}

TEST(Descriptor, minus_one_is_refused_and_named) {
  EXPECT_EQ(thrown<std::system_error>([] { Descriptor descriptor(-1); }),
            "cannot take over file descriptor -1: Bad file descriptor");
}

TEST(Descriptor, a_closed_one_has_no_addresses_and_says_so) {
  Descriptor closed;
  EXPECT_EQ(thrown<std::system_error>([&] { closed.local_address(); }),
            "no local address of descriptor -1: Bad file descriptor");
  EXPECT_EQ(thrown<std::system_error>([&] { closed.peer_address(); }),
            "no peer address of descriptor -1: Bad file descriptor");
}

TEST(Descriptor, what_is_no_socket_has_no_addresses_and_says_so) {
  Descriptor file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(code_of(caught([&] { file.local_address(); })), std::errc::not_a_socket);
}

TEST(Descriptor, a_socket_that_is_not_connected_has_no_peer) {
  Descriptor socket = Descriptor::stream_socket(AF_INET);
  EXPECT_EQ(code_of(caught([&] { socket.peer_address(); })), std::errc::not_connected);
}

TEST(Descriptor, an_unknown_address_family_is_refused_by_its_number) {
  std::string text = thrown<std::system_error>([] { Descriptor::stream_socket(12345); });
  EXPECT_TRUE(contains(text, "address family 12345")) << text;
}

TEST(Descriptor, an_address_that_is_in_use_is_refused_by_its_name_and_nothing_stays_open) {
  Descriptor first = Descriptor::listening(Address::ip("127.0.0.1", 0));
  Address taken = first.local_address();
  int next = closed_number();
  std::exception_ptr error = caught([&] { Descriptor::listening(taken); });
  EXPECT_EQ(code_of(error), std::errc::address_in_use);
  EXPECT_TRUE(contains(describe(error), "error while attempting to bind on address " + taken.to_string()));
  EXPECT_FALSE(is_open(next));
}

TEST(Descriptor, a_host_name_is_no_address) {
  EXPECT_EQ(thrown<std::invalid_argument>([] { Address::ip("localhost", 1); }), "'localhost' is not an IP address");
  EXPECT_EQ(thrown<std::invalid_argument>([] { Address::ip("", 1); }), "'' is not an IP address");
  EXPECT_EQ(thrown<std::invalid_argument>([] { Address::ip("256.0.0.1", 1); }), "'256.0.0.1' is not an IP address");
}

TEST(Descriptor, a_path_that_is_too_long_is_refused_and_named) {
  std::string path(sizeof(sockaddr_un::sun_path), 'p');
  std::string text = thrown<std::invalid_argument>([&] { Address::unix_path(path); });
  EXPECT_TRUE(contains(text, path)) << text;
  path.pop_back();
  EXPECT_EQ(Address::unix_path(path).to_string(), "unix:" + path);
}

TEST_F(DescriptorInLoop, a_closed_one_cannot_be_watched_and_says_so) {
  auto watch = [](Descriptor& closed) -> Coro<> {
    closed.watch();
    co_return;
  };
  Descriptor closed;
  EXPECT_EQ(thrown<std::system_error>([&] { loop.run_until_complete(watch(closed)); }),
            "the descriptor is closed: Bad file descriptor");
}

TEST(Descriptor, without_a_running_loop_it_cannot_be_watched) {
  auto [here, there] = Descriptor::socket_pair();
  EXPECT_EQ(thrown<std::runtime_error>([&socket = here] { socket.watch(); }), "no running event loop");
}

// --- ownership -------------------------------------------------------------------------------------------------------

TEST(Descriptor, it_makes_what_it_takes_over_non_blocking) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(::fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
  Descriptor reader(ends[0]), writer(ends[1]);
  EXPECT_NE(::fcntl(reader.fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Descriptor, it_closes_what_it_owns) {
  int fd = -1;
  {
    auto [here, there] = Descriptor::socket_pair();
    fd = here.fd();
    EXPECT_TRUE(here.is_open());
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(Descriptor, an_empty_one_owns_nothing) {
  Descriptor empty;
  EXPECT_FALSE(empty.is_open());
  EXPECT_EQ(empty.fd(), -1);
  EXPECT_EQ(empty.release(), -1);
  empty.close();
}

TEST(Descriptor, closing_twice_is_fine_and_does_not_close_what_got_the_number_since) {
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  here.close();
  EXPECT_FALSE(here.is_open());
  int reused = ::dup(there.fd());
  ASSERT_EQ(reused, fd);
  here.close();
  EXPECT_TRUE(is_open(reused));
  ::close(reused);
}

TEST(Descriptor, a_released_one_stays_open_and_is_no_longer_owned) {
  int fd = -1;
  {
    auto [here, there] = Descriptor::socket_pair();
    fd = here.release();
    EXPECT_FALSE(here.is_open());
  }
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(Descriptor, moving_hands_the_ownership_on) {
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  Descriptor moved(std::move(here));
  EXPECT_FALSE(here.is_open());
  EXPECT_EQ(moved.fd(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(Descriptor, assigning_closes_what_was_owned_before_at_once) {
  auto [here, there] = Descriptor::socket_pair();
  int old = here.fd(), kept = there.fd();
  here = std::move(there);
  EXPECT_FALSE(is_open(old));
  EXPECT_FALSE(there.is_open());
  EXPECT_EQ(here.fd(), kept);
  EXPECT_TRUE(is_open(kept));
}

TEST(Descriptor, assigning_to_itself_changes_nothing) {
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  Descriptor& same = here;
  here = std::move(same);
  EXPECT_EQ(here.fd(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(Descriptor, a_close_that_fails_is_logged_with_the_number) {
  LogCapture log;
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  ::close(fd);  // behind its back
  here.close();
  EXPECT_FALSE(here.is_open());
  EXPECT_EQ(log.messages(),
            (std::vector<std::string>{"close of descriptor " + std::to_string(fd) + " failed: Bad file descriptor"}));
}

TEST(Descriptor, a_close_that_works_is_not_logged) {
  LogCapture log;
  auto [here, there] = Descriptor::socket_pair();
  here.close();
  EXPECT_TRUE(log.messages().empty());
}

TEST(Descriptor, what_it_makes_is_not_inherited_by_other_programs) {
  auto [here, there] = Descriptor::socket_pair();
  Descriptor socket = Descriptor::stream_socket(AF_INET);
  for (int fd : {here.fd(), there.fd(), socket.fd()}) EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

// --- in a loop -------------------------------------------------------------------------------------------------------

TEST_F(DescriptorInLoop, it_may_outlive_its_loop) {
  auto [here, there] = Descriptor::socket_pair();
  auto receive = [](Descriptor& socket) -> Coro<std::string> { co_return co_await sock_recv(socket, 10); };
  {
    TestLoop shorter;
    ASSERT_EQ(::write(there.fd(), "x", 1), 1);
    EXPECT_EQ(shorter.run_until_complete(receive(here)), "x");
  }
  EXPECT_TRUE(is_open(here.fd()));
  here.close();
}

TEST_F(DescriptorInLoop, it_belongs_to_the_loop_that_used_it_first) {
  auto [here, there] = Descriptor::socket_pair();
  auto receive = [](Descriptor& socket) -> Coro<std::string> { co_return co_await sock_recv(socket, 10); };
  ASSERT_EQ(::write(there.fd(), "xy", 2), 2);
  EXPECT_EQ(loop.run_until_complete(receive(here)), "xy");
  TestLoop other;
  EXPECT_EQ(thrown<std::runtime_error>([&, &socket = here] { other.run_until_complete(receive(socket)); }),
            "descriptor " + std::to_string(here.fd()) + " belongs to a different event loop");
  close_and_check(other);
}

TEST_F(DescriptorInLoop, released_from_its_loop_it_may_be_used_in_another) {
  auto [here, there] = Descriptor::socket_pair();
  auto receive = [](Descriptor& socket) -> Coro<std::string> { co_return co_await sock_recv(socket, 10); };
  ASSERT_EQ(::write(there.fd(), "a", 1), 1);
  EXPECT_EQ(loop.run_until_complete(receive(here)), "a");
  Descriptor again(here.release());
  ASSERT_EQ(::write(there.fd(), "b", 1), 1);
  TestLoop other;
  EXPECT_EQ(other.run_until_complete(receive(again)), "b");
  close_and_check(other);
}

TEST_F(DescriptorInLoop, a_reader_may_own_the_descriptor_that_it_reads) {
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  auto owned = std::make_shared<Descriptor>(std::move(here));
  auto watch = [](Descriptor& socket) -> Coro<> {
    socket.watch();
    co_return;
  };
  loop.run_until_complete(watch(*owned));
  loop.add_reader(fd, [owned] {});
  owned.reset();
  EXPECT_TRUE(is_open(fd));
  EXPECT_TRUE(loop.remove_reader(fd));
  EXPECT_FALSE(is_open(fd));
}

TEST_F(DescriptorInLoop, a_descriptor_owned_by_its_reader_is_closed_with_the_loop) {
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  auto owned = std::make_shared<Descriptor>(std::move(here));
  auto watch = [](Descriptor& socket) -> Coro<> {
    socket.watch();
    co_return;
  };
  loop.run_until_complete(watch(*owned));
  loop.add_reader(fd, [owned] {});
  loop.add_writer(fd, [owned] {});
  owned.reset();
  loop.close();
  EXPECT_FALSE(is_open(fd));
}

TEST_F(DescriptorInLoop, a_reader_that_closes_the_descriptor_it_owns_while_it_runs_is_watched_no_more) {
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.fd();
  int ran = 0;
  auto owned = std::make_shared<Descriptor>(std::move(here));
  loop.add_reader(fd, [this, owned, &ran] {
    ++ran;
    EXPECT_TRUE(loop.remove_reader(owned->fd()));
    owned->close();
  });
  owned.reset();
  ASSERT_EQ(::write(there.fd(), "x", 1), 1);
  loop.turn(3);
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(is_open(fd));
}

TEST_F(DescriptorInLoop, a_number_that_was_closed_without_remove_reader_can_be_watched_again) {
  int old_ran = 0, ran = 0;
  auto [here, there] = Descriptor::socket_pair();
  int fd = here.release();
  loop.add_reader(fd, [&] { ++old_ran; });
  ::close(fd);
  auto [again, peer] = Descriptor::socket_pair();
  ASSERT_EQ(again.fd(), fd);
  loop.add_reader(fd, [&] { ++ran; });
  ASSERT_EQ(::write(peer.fd(), "x", 1), 1);
  loop.turn();
  EXPECT_EQ(old_ran, 0);
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(loop.remove_reader(fd));
}

// --- addresses -------------------------------------------------------------------------------------------------------

TEST(Address, it_is_written_as_people_write_it) {
  EXPECT_EQ(Address::ip("127.0.0.1", 8888).to_string(), "127.0.0.1:8888");
  EXPECT_EQ(Address::ip("::1", 80).to_string(), "[::1]:80");
  EXPECT_EQ(Address::unix_path("/run/x").to_string(), "unix:/run/x");
  EXPECT_EQ(Address().to_string(), "no address");
}

TEST(Address, only_an_ip_address_has_a_port) {
  EXPECT_EQ(Address::ip("127.0.0.1", 8888).port(), 8888);
  EXPECT_EQ(Address::ip("::1", 80).port(), 80);
  EXPECT_EQ(Address::unix_path("/run/x").port(), 0);
}

TEST(Address, a_listening_socket_shows_the_port_that_it_got) {
  Descriptor listener = Descriptor::listening(Address::ip("127.0.0.1", 0));
  EXPECT_NE(listener.local_address().port(), 0);
}

TEST(Address, a_socket_without_a_name_has_an_empty_path) {
  auto [here, there] = Descriptor::socket_pair();
  EXPECT_EQ(here.local_address().to_string(), "unix:");
}

}  // namespace
}  // namespace heed::test

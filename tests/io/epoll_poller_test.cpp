// What a loop sleeps on under Linux.
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <tuple>
#include <vector>

#include "heed/core/platform.hpp"
#include "heed/io/descriptor.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

constexpr Watch readable{true, false, false}, writable{false, true, false}, edges{true, true, true};

class EpollPoller : public ::testing::Test {
 protected:
  EpollPoller() { std::tie(here, there) = Descriptor::socket_pair(); }

  std::vector<PollEvent> look(std::size_t capacity = 16) { return wait(0s, capacity); }
  std::vector<PollEvent> wait(Duration timeout, std::size_t capacity = 16) {
    std::vector<PollEvent> events(capacity);
    events.resize(poller->wait(timeout, events));
    return events;
  }
  void write() { EXPECT_EQ(::write(there.fd(), "x", 1), 1); }
  void read() {
    char c = 0;
    EXPECT_EQ(::read(here.fd(), &c, 1), 1);
  }

  std::unique_ptr<Poller> poller = platform::make_poller();
  Descriptor here, there;
};

TEST_F(EpollPoller, a_descriptor_that_is_not_open_is_refused_by_its_number) {
  std::string text = "cannot watch file descriptor " + std::to_string(here.fd()) + ": Bad file descriptor";
  int fd = here.fd();
  here.close();
  EXPECT_EQ(thrown<std::system_error>([&] { poller->watch(fd, readable); }), text);
  EXPECT_EQ(thrown<std::system_error>([&] { poller->watch(-1, readable); }),
            "cannot watch file descriptor -1: Bad file descriptor");
}

TEST_F(EpollPoller, forgetting_what_is_not_watched_or_closed_does_nothing) {
  poller->forget(here.fd());
  poller->watch(here.fd(), readable);
  int fd = here.fd();
  here.close();
  poller->forget(fd);
  poller->forget(-1);
  EXPECT_TRUE(look().empty());
}

TEST_F(EpollPoller, nothing_ready_is_no_event) {
  poller->watch(here.fd(), readable);
  EXPECT_TRUE(look().empty());
  EXPECT_TRUE(wait(-1s).empty());  // as zero
}

TEST_F(EpollPoller, a_level_is_told_each_time) {
  poller->watch(here.fd(), readable);
  write();
  for (int i = 0; i < 2; ++i) {
    std::vector<PollEvent> events = look();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].fd, here.fd());
    EXPECT_TRUE(events[0].ready.readable);
    EXPECT_FALSE(events[0].ready.writable);
    EXPECT_FALSE(events[0].ready.hangup);
  }
  read();
  EXPECT_TRUE(look().empty());
}

TEST_F(EpollPoller, an_edge_is_told_once) {
  poller->watch(here.fd(), edges);
  EXPECT_EQ(look().size(), 1u);  // writable from the start
  EXPECT_TRUE(look().empty());
  write();
  std::vector<PollEvent> events = look();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].ready.readable);
  EXPECT_TRUE(look().empty());
  write();
  EXPECT_EQ(look().size(), 1u);
}

TEST_F(EpollPoller, watching_again_changes_what_is_watched) {
  poller->watch(here.fd(), readable);
  EXPECT_TRUE(look().empty());
  poller->watch(here.fd(), writable);
  std::vector<PollEvent> events = look();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].ready.writable);
  poller->watch(here.fd(), Watch());  // neither direction: not any more
  EXPECT_TRUE(look().empty());
}

TEST_F(EpollPoller, a_number_that_was_closed_and_opened_again_can_be_watched_again) {
  poller->watch(here.fd(), readable);
  int fd = here.fd();
  here.close();
  std::tie(here, there) = Descriptor::socket_pair();
  ASSERT_EQ(here.fd(), fd);
  poller->watch(fd, readable);
  write();
  EXPECT_EQ(look().size(), 1u);
}

TEST_F(EpollPoller, a_peer_that_is_gone_is_a_hangup) {
  poller->watch(here.fd(), readable);
  there.close();
  std::vector<PollEvent> events = look();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].ready.hangup);
}

TEST_F(EpollPoller, events_that_have_no_place_come_with_the_next_look) {
  poller->watch(here.fd(), edges);
  poller->watch(there.fd(), edges);
  EXPECT_EQ(look(1).size(), 1u);
  EXPECT_EQ(look(1).size(), 1u);
  EXPECT_TRUE(look(1).empty());
}

TEST_F(EpollPoller, a_wake_up_ends_the_next_wait_and_is_no_event) {
  poller->wake();
  poller->wake();
  EXPECT_TRUE(wait(Duration::max()).empty());
}

TEST_F(EpollPoller, each_wake_up_counts_anew) {
  for (int i = 0; i < 3; ++i) {
    poller->wake();
    EXPECT_TRUE(wait(Duration::max()).empty());
  }
}

TEST_F(EpollPoller, another_thread_ends_a_wait_without_a_limit) {
  std::thread waking([&] { poller->wake(); });
  EXPECT_TRUE(wait(Duration::max()).empty());
  waking.join();
}

TEST_F(EpollPoller, it_never_returns_early_when_nothing_happens) {
  Clock& clock = platform::steady_clock();
  TimePoint start = clock.now();
  EXPECT_TRUE(wait(1100us).empty());
  EXPECT_GE(clock.now() - start, 1100us);
}

}  // namespace
}  // namespace heed::test

// add_reader() and add_writer(), on a real loop: virtual time knows no descriptors.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "heed/core/event_loop.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void write(char c) { EXPECT_EQ(::write(writer(), &c, 1), 1); }
  char read() {
    char c = 0;
    EXPECT_EQ(::read(reader(), &c, 1), 1);
    return c;
  }
  void close_reader() { close(ends_[0]); }
  void close_writer() { close(ends_[1]); }

 private:
  static void close(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  std::array<int, 2> ends_{-1, -1};
};

class Descriptors : public ::testing::Test {
 protected:
  Descriptors() {
    loop.set_exception_handler([this](EventLoop&, const ErrorContext& context) { reports.emplace_back(context); });
  }
  void TearDown() override {
    EXPECT_TRUE(loop.failures().balanced());
    loop.close();
    EXPECT_EQ(loop.failures().failures().live, 0u);
    for (const SeenReport& report : reports) ADD_FAILURE() << "unexpected report: " << report.message;
  }
  // Readiness is there before each of these: nothing waits.
  void turn() {
    loop.stop();
    loop.run_forever();
  }

  EventLoop loop;
  Pipe pipe;
  std::vector<SeenReport> reports;
};

TEST_F(Descriptors, a_reader_runs_in_each_iteration_in_which_there_is_something_to_read) {
  std::string read;
  loop.add_reader(pipe.reader(), [&] { read += pipe.read(); });
  turn();
  EXPECT_EQ(read, "");
  pipe.write('a');
  pipe.write('b');
  turn();
  EXPECT_EQ(read, "a");
  turn();
  EXPECT_EQ(read, "ab");
  turn();
  EXPECT_EQ(read, "ab");
}

TEST_F(Descriptors, a_writer_runs_while_there_is_room) {
  int ran = 0;
  loop.add_writer(pipe.writer(), [&] { ++ran; });
  turn();
  turn();
  EXPECT_EQ(ran, 2);
  EXPECT_TRUE(loop.remove_writer(pipe.writer()));
  turn();
  EXPECT_EQ(ran, 2);
}

TEST_F(Descriptors, a_reader_is_told_of_the_end_of_the_stream) {
  bool told = false;
  loop.add_reader(pipe.reader(), [&] { told = true; });
  pipe.close_writer();
  turn();
  EXPECT_TRUE(told);
}

TEST_F(Descriptors, a_reader_that_throws_is_reported_and_stays) {
  int ran = 0;
  loop.add_reader(pipe.reader(), [&] {
    ++ran;
    throw std::runtime_error("reader");
  });
  pipe.write('x');
  turn();
  turn();
  EXPECT_EQ(ran, 2);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].exception, "std::runtime_error: reader");
  EXPECT_TRUE(contains(reports[0].message, "Exception in callback "));
  EXPECT_TRUE(contains(reports[0].handle, "descriptors_test.cpp"));
  reports.clear();
}

TEST_F(Descriptors, a_reader_may_remove_itself) {
  auto captured = std::make_shared<int>(0);
  loop.add_reader(pipe.reader(), [this, captured] {
    EXPECT_TRUE(loop.remove_reader(pipe.reader()));
    ++*captured;
  });
  pipe.write('x');
  turn();
  turn();
  EXPECT_EQ(*captured, 1);
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_FALSE(loop.remove_reader(pipe.reader()));
}

TEST_F(Descriptors, a_reader_may_replace_itself) {
  std::string order;
  loop.add_reader(pipe.reader(), [&] {
    order += 'a';
    loop.add_reader(pipe.reader(), [&] { order += 'b'; });
  });
  pipe.write('x');
  turn();
  turn();
  EXPECT_EQ(order, "ab");
}

TEST_F(Descriptors, a_second_reader_replaces_the_first) {
  int first = 0, second = 0;
  Handle old = loop.add_reader(pipe.reader(), [&] { ++first; });
  loop.add_reader(pipe.reader(), [&] { ++second; });
  EXPECT_TRUE(old.cancelled());
  pipe.write('x');
  turn();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST_F(Descriptors, a_reader_whose_handle_is_cancelled_is_not_watched_any_more) {
  int ran = 0;
  Handle handle = loop.add_reader(pipe.reader(), [&] { ++ran; });
  pipe.write('x');
  handle.cancel();
  turn();
  EXPECT_EQ(ran, 0);
  EXPECT_FALSE(loop.remove_reader(pipe.reader()));  // else the loop would spin on it
}

TEST_F(Descriptors, reader_and_writer_of_one_descriptor_are_apart) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  loop.add_reader(ends[0], [] {});
  EXPECT_FALSE(loop.remove_writer(ends[0]));
  EXPECT_TRUE(loop.remove_reader(ends[0]));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Descriptors, a_descriptor_that_is_not_open_is_refused_by_its_number) {
  int fd = pipe.reader();
  int copy = ::dup(fd);
  ::close(copy);
  std::string text = "cannot watch file descriptor " + std::to_string(copy);
  EXPECT_EQ(thrown<std::system_error>([&] { loop.add_reader(copy, [] {}); }), text + ": Bad file descriptor");
  EXPECT_EQ(thrown<std::system_error>([&] { loop.add_writer(copy, [] {}); }), text + ": Bad file descriptor");
  EXPECT_TRUE(contains(thrown<std::system_error>([&] { loop.add_reader(-1, [] {}); }), "file descriptor -1"));
  EXPECT_TRUE(contains(thrown<std::system_error>([&] { loop.add_reader(2'000'000'000, [] {}); }), "2000000000"));
  EXPECT_FALSE(loop.remove_reader(copy));
  turn();
}

TEST_F(Descriptors, a_regular_file_cannot_be_watched_and_says_so) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::exception_ptr error = caught([&] { loop.add_reader(::fileno(file), [] {}); });
  const auto* system = find<std::system_error>(error);
  ASSERT_NE(system, nullptr);
  EXPECT_EQ(system->code(), std::errc::operation_not_permitted);
  EXPECT_TRUE(contains(system->what(), "cannot watch file descriptor"));
  std::fclose(file);
}

TEST_F(Descriptors, a_refused_reader_lets_go_of_its_captures) {
  auto captured = std::make_shared<int>(0);
  EXPECT_THROW(loop.add_reader(-1, [captured] {}), std::system_error);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(Descriptors, a_reader_that_a_destructor_adds_while_the_loop_closes_is_dropped_as_well) {
  Pipe other;
  auto captured = std::make_shared<int>(0);
  for (auto [first, second] : {std::pair(pipe.reader(), other.reader()), std::pair(other.reader(), pipe.reader())}) {
    TestLoop closing;
    std::shared_ptr<void> leaving(nullptr,
                                  [&closing, captured, fd = second](void*) { closing.add_reader(fd, [captured] {}); });
    closing.add_reader(first, [leaving] {});
    leaving.reset();
    closing.close();
    EXPECT_EQ(captured.use_count(), 1);
    close_and_check(closing);
  }
}

TEST_F(Descriptors, an_interrupt_of_a_reader_leaves_the_loop) {
  loop.add_reader(pipe.reader(), [] { throw KeyboardInterrupt("reader"); });
  pipe.write('x');
  EXPECT_EQ(thrown<KeyboardInterrupt>([&] { loop.run_forever(); }), "reader");
}

TEST_F(Descriptors, closing_the_loop_drops_readers_and_their_captures) {
  auto captured = std::make_shared<int>(0);
  loop.add_reader(pipe.reader(), [captured] {});
  loop.add_writer(pipe.writer(), [captured] {});
  loop.close();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST_F(Descriptors, a_real_loop_keeps_time) {
  int ran = 0;
  loop.call_later(1ms, [&] {
    ++ran;
    loop.stop();
  });
  TimePoint start = loop.time();
  loop.run_forever();
  EXPECT_EQ(ran, 1);
  EXPECT_GE(loop.time() - start, 1ms);  // never early; how late is the machine's business
}

}  // namespace
}  // namespace heed::test

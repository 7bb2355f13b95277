// Barrier: a point that tasks pass together.
#include "heed/sync/barrier.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Barriers : public LoopTest {
 protected:
  std::optional<Barrier> barrier{std::in_place, 3};
  std::string order;

  Coro<> party(char name) {
    std::size_t index = co_await barrier->wait();
    order += name + std::to_string(index);
  }
  Task<> start(char name) { return loop.create_task(party(name)); }
  std::string failure_of(const Task<>& task) {
    return thrown<BrokenBarrierError>([&] { loop.run_until_complete(Future<>(task)); });
  }
};

TEST_F(Barriers, there_must_be_a_party) {
  EXPECT_EQ(thrown<std::invalid_argument>([] { Barrier bad(0); }), "parties must be >= 1");
  EXPECT_EQ(thrown<std::invalid_argument>([] { Barrier bad(-3); }), "parties must be >= 1");
}

TEST_F(Barriers, aborting_it_breaks_it_for_those_who_wait_and_for_all_who_come) {
  Task<> first = start('a');
  loop.turn();
  barrier->abort();
  EXPECT_TRUE(barrier->broken());
  EXPECT_EQ(barrier->n_waiting(), 0u);
  EXPECT_EQ(failure_of(first), "Abort or reset of barrier");
  EXPECT_EQ(failure_of(start('b')), "Barrier aborted");
}

TEST_F(Barriers, resetting_it_breaks_it_for_those_who_wait_only) {
  Task<> first = start('a');
  loop.turn();
  barrier->reset();
  EXPECT_FALSE(barrier->broken());
  EXPECT_EQ(failure_of(first), "Abort or reset of barrier");
  for (char name : {'b', 'c', 'd'}) start(name);
  loop.turn(2);
  EXPECT_EQ(order, "d2b0c1");
}

TEST_F(Barriers, resetting_mends_one_that_was_aborted) {
  barrier->abort();
  barrier->reset();
  for (char name : {'a', 'b', 'c'}) start(name);
  loop.turn(2);
  EXPECT_EQ(order, "c2a0b1");
}

TEST_F(Barriers, waiting_in_a_second_loop_is_an_error_and_does_not_count) {
  start('a');
  loop.turn();
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(party('x')); }),
            "Barrier is bound to a different event loop");
  close_and_check(other);
  EXPECT_EQ(barrier->n_waiting(), 1u);
  start('b');
  start('c');
  loop.turn(2);
  EXPECT_EQ(order, "c2a0b1");
}

TEST_F(Barriers, who_waits_when_it_is_destroyed_gets_an_error) {
  Task<> task = start('a');
  loop.turn();
  barrier.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "Barrier was destroyed while a task waited for it");
}

TEST_F(Barriers, who_was_released_when_it_is_destroyed_passes) {
  for (char name : {'a', 'b', 'c'}) start(name);
  loop.turn();
  barrier.reset();
  loop.turn();
  EXPECT_EQ(order, "c2a0b1");
}

TEST_F(Barriers, it_can_be_used_again_at_once) {
  auto twice = [&](char name) -> Coro<> {
    co_await party(name);
    co_await party(name);
  };
  for (char name : {'a', 'b', 'c'}) loop.create_task(twice(name));
  loop.turn(5);
  EXPECT_EQ(order, "c2a0b1b2c0a1");
}

TEST_F(Barriers, one_party_never_waits) {
  barrier.emplace(1);
  loop.run_until_complete(party('a'));
  EXPECT_EQ(order, "a0");
}

TEST_F(Barriers, a_cancelled_party_leaves) {
  Task<> first = start('a');
  start('b');
  loop.turn();
  first.cancel();
  EXPECT_EQ(barrier->n_waiting(), 1u);
  start('c');
  loop.turn(2);
  EXPECT_EQ(order, "");
  start('d');
  loop.turn(2);
  EXPECT_EQ(order, "d2b0c1");
}

TEST_F(Barriers, a_party_cancelled_after_it_was_released_ends_cancelled_and_the_others_pass) {
  Task<> first = start('a');
  start('b');
  start('c');
  loop.turn();
  first.cancel();
  loop.turn(2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "c2b1");
  EXPECT_EQ(barrier->n_waiting(), 0u);
}

}  // namespace
}  // namespace heed::test

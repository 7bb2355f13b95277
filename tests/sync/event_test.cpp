// Event: a flag that tasks wait for.
#include "heed/sync/event.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Events : public LoopTest {
 protected:
  std::optional<Event> event{std::in_place};
  std::string order;

  Coro<> waiter(char name) {
    co_await event->wait();
    order += name;
  }
  Task<> start(char name) { return loop.create_task(waiter(name)); }
};

TEST_F(Events, waiting_in_a_second_loop_is_an_error) {
  Task<> first = start('a');
  loop.turn();
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(waiter('b')); }),
            "Event is bound to a different event loop");
  close_and_check(other);
  event->set();
  loop.turn();
}

TEST_F(Events, who_waits_when_it_is_destroyed_gets_an_error) {
  Task<> task = start('a');
  loop.turn();
  event.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(task); }),
            "Event was destroyed while a task waited for it");
}

TEST_F(Events, who_was_woken_when_it_is_destroyed_goes_on) {
  Task<> task = start('a');
  loop.turn();
  event->set();
  event.reset();
  loop.turn();
  EXPECT_EQ(order, "a");
}

TEST_F(Events, setting_it_wakes_all_in_order) {
  for (char name : {'a', 'b', 'c'}) start(name);
  loop.turn();
  event->set();
  loop.turn();
  EXPECT_EQ(order, "abc");
}

TEST_F(Events, who_was_woken_returns_even_if_it_was_cleared_again) {
  start('a');
  loop.turn();
  event->set();
  event->clear();
  Task<> late = start('b');
  loop.turn(3);
  EXPECT_EQ(order, "a");
  event->set();
  loop.turn();
  EXPECT_EQ(order, "ab");
}

TEST_F(Events, waiting_for_one_that_is_set_does_not_suspend) {
  event->set();
  auto body = [&]() -> Coro<> {
    loop.call_soon([&] { order += 'x'; });
    co_await event->wait();
    order += 'a';
  };
  loop.run_until_complete(body());
  EXPECT_EQ(order[0], 'a');
}

TEST_F(Events, a_cancelled_waiter_leaves) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  first.cancel();
  loop.turn();
  EXPECT_TRUE(first.cancelled());
  event->set();
  loop.turn();
  EXPECT_EQ(order, "b");
}

TEST_F(Events, a_waiter_cancelled_after_it_was_woken_ends_cancelled) {
  Task<> first = start('a'), second = start('b');
  loop.turn();
  event->set();
  first.cancel();
  loop.turn();
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
}

TEST_F(Events, setting_it_twice_is_setting_it_once) {
  event->set();
  event->set();
  EXPECT_TRUE(event->is_set());
  event->clear();
  EXPECT_FALSE(event->is_set());
}

}  // namespace
}  // namespace heed::test

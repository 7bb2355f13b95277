// Queues: what goes in comes out, once, and nothing is lost on the way.
#include "heed/sync/queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "heed/flow/gather.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Queues : public LoopTest {
 protected:
  std::optional<Queue<int>> queue{std::in_place};
  std::string order;

  Coro<> getter(char name) {
    int item = co_await queue->get();
    order += name + std::to_string(item);
  }
  Coro<> putter(char name, int item) {
    co_await queue->put(item);
    order += name;
  }
  Task<> start_get(char name) { return loop.create_task(getter(name)); }
  Task<> start_put(char name, int item) { return loop.create_task(putter(name, item)); }
};

TEST_F(Queues, getting_from_an_empty_one_without_waiting_is_an_error) {
  EXPECT_EQ(thrown<QueueEmpty>([&] { queue->get_nowait(); }), "the queue is empty");
}

TEST_F(Queues, putting_into_a_full_one_without_waiting_is_an_error) {
  queue.emplace(1);
  queue->put_nowait(1);
  EXPECT_EQ(thrown<QueueFull>([&] { queue->put_nowait(2); }), "the queue is full");
  EXPECT_EQ(queue->qsize(), 1u);
}

TEST_F(Queues, task_done_once_too_often_is_an_error) {
  EXPECT_EQ(thrown<std::invalid_argument>([&] { queue->task_done(); }), "task_done() called too many times");
  queue->put_nowait(1);
  queue->task_done();
  EXPECT_THROW(queue->task_done(), std::invalid_argument);
}

TEST_F(Queues, waiting_in_a_second_loop_is_an_error) {
  start_get('a');
  loop.turn();
  TestLoop other(time);
  EXPECT_EQ(thrown<std::runtime_error>([&] { other.run_until_complete(getter('b')); }),
            "Queue is bound to a different event loop");
  close_and_check(other);
  queue->put_nowait(1);
  loop.turn();
}

TEST_F(Queues, who_waits_when_it_is_destroyed_gets_an_error) {
  queue.emplace(1);
  queue->put_nowait(1);
  Task<> put = start_put('p', 2);
  auto joins = [&]() -> Coro<> { co_await queue->join(); };
  Task<> join = loop.create_task(joins());
  loop.turn();
  queue.reset();
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(put); }),
            "Queue was destroyed while a task waited for it");
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(join); }),
            "Queue was destroyed while a task waited for it");
}

TEST_F(Queues, who_was_promised_an_item_when_it_is_destroyed_gets_an_error) {
  Task<> get = start_get('a');
  loop.turn();
  queue->put_nowait(1);
  queue.reset();
  EXPECT_THROW(loop.run_until_complete(get), InvalidStateError);
}

TEST_F(Queues, a_put_that_is_awaited_twice_is_an_error) {
  auto body = [&]() -> Coro<> {
    auto put = queue->put(1);
    co_await put;
    co_await put;
  };
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(body()); }), "cannot await a Queue.put twice");
  EXPECT_EQ(queue->qsize(), 1u);
}

TEST_F(Queues, after_shutdown_nothing_is_put_and_what_is_left_can_be_got) {
  queue->put_nowait(1);
  queue->shutdown();
  EXPECT_EQ(thrown<QueueShutDown>([&] { queue->put_nowait(2); }), "the queue was shut down");
  EXPECT_THROW(loop.run_until_complete(putter('p', 3)), QueueShutDown);
  loop.run_until_complete(getter('a'));
  EXPECT_EQ(order, "a1");
  EXPECT_THROW(loop.run_until_complete(getter('b')), QueueShutDown);
  EXPECT_THROW(queue->get_nowait(), QueueShutDown);
}

TEST_F(Queues, shutdown_wakes_who_waits) {
  Queue<int> full(1);
  full.put_nowait(1);
  auto puts = [&]() -> Coro<> { co_await full.put(2); };
  Task<> get = start_get('a'), put = loop.create_task(puts());
  loop.turn();
  queue->shutdown();
  full.shutdown();
  EXPECT_THROW(loop.run_until_complete(get), QueueShutDown);
  EXPECT_THROW(loop.run_until_complete(put), QueueShutDown);
  EXPECT_EQ(full.qsize(), 1u);
}

TEST_F(Queues, an_immediate_shutdown_drops_the_items_and_counts_them_done) {
  queue->put_nowait(1);
  queue->put_nowait(2);
  auto joins = [&]() -> Coro<> { co_await queue->join(); };
  Task<> join = loop.create_task(joins());
  loop.turn();
  queue->shutdown(true);
  loop.turn();
  EXPECT_TRUE(join.done());
  EXPECT_TRUE(queue->empty());
  EXPECT_THROW(queue->get_nowait(), QueueShutDown);
}

TEST_F(Queues, an_immediate_shutdown_takes_a_promised_item_away) {
  Task<> get = start_get('a');
  loop.turn();
  queue->put_nowait(1);
  queue->shutdown(true);
  EXPECT_THROW(loop.run_until_complete(get), QueueShutDown);
}

TEST_F(Queues, a_putter_that_was_promised_a_place_is_refused_after_shutdown) {
  queue.emplace(1);
  queue->put_nowait(1);
  Task<> put = start_put('p', 2);
  loop.turn();
  queue->get_nowait();
  queue->shutdown();
  EXPECT_THROW(loop.run_until_complete(put), QueueShutDown);
  EXPECT_EQ(queue->qsize(), 0u);
}

TEST_F(Queues, an_item_given_back_after_shutdown_goes_to_who_still_waits) {
  Task<> first = start_get('a'), second = start_get('b'), third = start_get('c');
  loop.turn();
  queue->put_nowait(1);
  queue->shutdown();
  first.cancel();
  loop.turn(3);
  EXPECT_EQ(order, "b1");
  EXPECT_THROW(third.result(), QueueShutDown);
}

TEST_F(Queues, next_gives_nothing_when_the_queue_is_shut_down) {
  queue->put_nowait(1);
  queue->put_nowait(2);
  auto consumer = [&]() -> Coro<> {
    for (;;) {
      auto item = co_await queue->next();
      if (!item) break;
      order += std::to_string(*item);
    }
    order += '.';
  };
  Task<> task = loop.create_task(consumer());
  loop.turn();
  EXPECT_EQ(order, "12");
  queue->shutdown();
  loop.turn();
  EXPECT_EQ(order, "12.");
  loop.run_until_complete(consumer());
  EXPECT_EQ(order, "12..");
}

TEST_F(Queues, a_cancelled_next_is_an_error_not_the_end) {
  auto consumer = [&]() -> Coro<> { co_await queue->next(); };
  Task<> task = loop.create_task(consumer());
  loop.turn();
  queue->shutdown();
  task.cancel();
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Queues, items_keep_their_order) {
  Task<> consumer = loop.create_task([&]() -> Coro<> {
    for (int i = 0; i < 3; ++i) co_await getter('g');
  });
  loop.turn();
  for (int i : {1, 2, 3}) queue->put_nowait(i);
  EXPECT_EQ(queue->qsize(), 3u);
  loop.turn(2);
  EXPECT_EQ(order, "g1g2g3");
}

TEST_F(Queues, getters_are_served_in_order_of_arrival) {
  for (char name : {'a', 'b', 'c'}) start_get(name);
  loop.turn();
  for (int i : {1, 2, 3}) queue->put_nowait(i);
  loop.turn();
  EXPECT_EQ(order, "a1b2c3");
}

TEST_F(Queues, whoever_runs_first_takes_the_item_as_in_asyncio) {
  auto consumer = [&](char name) -> Coro<> {
    for (;;) co_await getter(name);
  };
  Task<> first = loop.create_task(consumer('a')), second = loop.create_task(consumer('b'));
  loop.turn();
  queue->put_nowait(1);
  queue->put_nowait(2);
  loop.turn();
  EXPECT_EQ(order, "a1a2");
  queue->put_nowait(3);  // the second one was woken for nothing, and waits behind the first now
  loop.turn();
  EXPECT_EQ(order, "a1a2a3");
  first.cancel();
  second.cancel();
  loop.turn();
}

TEST_F(Queues, get_nowait_takes_what_there_is_and_the_getter_that_was_woken_for_nothing_waits_again) {
  start_get('a');
  start_get('b');
  loop.turn();
  queue->put_nowait(1);
  EXPECT_EQ(queue->get_nowait(), 1);
  loop.turn();
  EXPECT_EQ(order, "");
  queue->put_nowait(2);
  queue->put_nowait(3);
  loop.turn();
  EXPECT_EQ(order, "b2a3");
}

TEST_F(Queues, a_robbed_getter_that_was_cancelled_before_ends_cancelled) {
  Task<> task = start_get('a');
  loop.turn();
  queue->put_nowait(1);
  task.cancel();
  EXPECT_EQ(queue->get_nowait(), 1);
  loop.turn();
  EXPECT_TRUE(task.cancelled());
}

TEST_F(Queues, a_getter_cancelled_after_an_item_was_put_for_it_leaves_it_to_the_next) {
  Task<> first = start_get('a'), second = start_get('b');
  loop.turn();
  queue->put_nowait(7);
  first.cancel();
  loop.turn(2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b7");
}

TEST_F(Queues, a_getter_cancelled_after_an_item_was_put_for_it_leaves_it_in_the_queue) {
  Task<> first = start_get('a');
  loop.turn();
  queue->put_nowait(7);
  first.cancel();
  loop.turn();
  EXPECT_EQ(queue->get_nowait(), 7);
}

TEST_F(Queues, a_put_into_a_full_queue_waits_for_a_place) {
  queue.emplace(2);
  for (int i : {1, 2, 3, 4}) start_put(static_cast<char>('a' + i), i);
  loop.turn();
  EXPECT_TRUE(queue->full());
  EXPECT_EQ(order, "bc");
  EXPECT_EQ(queue->get_nowait(), 1);
  loop.turn();
  EXPECT_EQ(order, "bcd");
  EXPECT_EQ(queue->get_nowait(), 2);
  EXPECT_EQ(queue->get_nowait(), 3);
  loop.turn();
  EXPECT_EQ(queue->get_nowait(), 4);
}

TEST_F(Queues, a_putter_cancelled_after_it_was_promised_a_place_leaves_it_to_the_next) {
  queue.emplace(1);
  queue->put_nowait(1);
  Task<> first = start_put('a', 2), second = start_put('b', 3);
  loop.turn();
  queue->get_nowait();
  first.cancel();
  loop.turn(2);
  EXPECT_TRUE(first.cancelled());
  EXPECT_EQ(order, "b");
  EXPECT_EQ(queue->get_nowait(), 3);
}

TEST_F(Queues, put_nowait_takes_the_room_and_the_putter_that_was_woken_for_nothing_waits_again) {
  queue.emplace(1);
  queue->put_nowait(1);
  start_put('a', 2);
  start_put('b', 3);
  loop.turn();
  queue->get_nowait();
  queue->put_nowait(9);
  loop.turn();
  EXPECT_EQ(order, "");
  EXPECT_EQ(queue->get_nowait(), 9);
  loop.turn();
  EXPECT_EQ(order, "b");
  EXPECT_EQ(queue->get_nowait(), 3);
  loop.turn();
  EXPECT_EQ(queue->get_nowait(), 2);
}

TEST_F(Queues, join_waits_until_every_item_is_done) {
  queue->put_nowait(1);
  queue->put_nowait(2);
  auto joins = [&]() -> Coro<> { co_await queue->join(); };
  Task<> join = loop.create_task(joins());
  loop.turn();
  queue->get_nowait();
  queue->task_done();
  loop.turn();
  EXPECT_FALSE(join.done());
  queue->task_done();
  loop.turn();
  EXPECT_TRUE(join.done());
  loop.run_until_complete(joins());
}

TEST_F(Queues, a_maxsize_that_is_not_positive_is_no_limit) {
  for (int maxsize : {0, -5}) {
    Queue<int> unlimited(maxsize);
    for (int i = 0; i < 1000; ++i) unlimited.put_nowait(i);
    EXPECT_FALSE(unlimited.full());
    EXPECT_EQ(unlimited.maxsize(), 0u);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(unlimited.get_nowait(), i);
  }
  EXPECT_EQ(Queue<int>(3).maxsize(), 3u);
}

TEST_F(Queues, the_least_item_comes_first_out_of_a_priority_queue_and_equal_ones_in_order_of_arrival) {
  auto by_tens = [](int a, int b) { return a / 10 < b / 10; };
  PriorityQueue<int, decltype(by_tens)> ranked(0, by_tens);
  for (int i : {51, 12, 31, 52, 11, 53, 13, 1}) ranked.put_nowait(i);
  std::vector<int> got;
  while (!ranked.empty()) got.push_back(ranked.get_nowait());
  EXPECT_EQ(got, (std::vector<int>{1, 12, 11, 13, 31, 51, 52, 53}));
}

TEST_F(Queues, a_priority_queue_sorts_any_order_of_puts_and_gets) {
  std::uint32_t random = 1;
  PriorityQueue<int> ranked;
  std::vector<int> model;
  for (int i = 0; i < 5000; ++i) {
    random = random * 1664525 + 1013904223;
    if (random >> 30 != 0) {
      int item = static_cast<int>(random >> 8 & 63);
      ranked.put_nowait(item);
      model.insert(std::upper_bound(model.begin(), model.end(), item), item);
    } else if (!model.empty()) {
      ASSERT_EQ(ranked.get_nowait(), model.front());
      model.erase(model.begin());
    }
  }
}

TEST_F(Queues, the_latest_item_comes_first_out_of_a_lifo_queue) {
  LifoQueue<int> stack;
  for (int i : {5, 1, 3}) stack.put_nowait(i);
  EXPECT_EQ(stack.get_nowait(), 3);
  EXPECT_EQ(stack.get_nowait(), 1);
  EXPECT_EQ(stack.get_nowait(), 5);
}

TEST_F(Queues, items_that_can_only_be_moved_go_through_all_of_them) {
  auto body = [&]() -> Coro<> {
    Queue<std::unique_ptr<int>> fifo(1);
    co_await fifo.put(std::make_unique<int>(1));
    std::unique_ptr<int> item = co_await fifo.get();
    PriorityQueue<std::unique_ptr<int>> ranked;
    co_await ranked.put(std::move(item));
    item = co_await ranked.get();
    LifoQueue<std::unique_ptr<int>> stack;
    co_await stack.put(std::move(item));
    auto last = co_await stack.next();
    EXPECT_EQ(**last, 1);
  };
  loop.run_until_complete(body());
}

TEST_F(Queues, items_left_in_a_queue_are_destroyed_with_it) {
  {
    Queue<Counted> fifo;
    PriorityQueue<Counted, bool (*)(const Counted&, const Counted&)> ranked(
        0, [](const Counted& a, const Counted& b) { return a.value < b.value; });
    for (int i = 0; i < 20; ++i) {
      fifo.put_nowait(Counted(i));
      ranked.put_nowait(Counted(-i));
    }
    for (int i = 0; i < 15; ++i) EXPECT_EQ(fifo.get_nowait().value, i);
    for (int i = 0; i < 12; ++i) fifo.put_nowait(Counted(i));
    EXPECT_EQ(ranked.get_nowait().value, -19);
    EXPECT_EQ(Counted::live, 17 + 19);
    fifo.shutdown(true);
    EXPECT_EQ(Counted::live, 19);
  }
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(Queues, an_item_that_is_refused_stays_with_the_caller) {
  Queue<std::unique_ptr<int>> closed;
  closed.shutdown();
  auto item = std::make_unique<int>(1);
  EXPECT_THROW(closed.put_nowait(std::move(item)), QueueShutDown);
  EXPECT_TRUE(item);
}

struct Parcel {
  std::string name;
  Counted counted;
};

TEST_F(Queues, aggregates_go_through_unharmed) {
  auto body = [&]() -> Coro<> {
    Queue<Parcel> parcels(1);
    Parcel first{"first, with a text that is too long for a short string", Counted(1)};
    co_await parcels.put(first);
    Parcel got = co_await parcels.get();
    EXPECT_EQ(got.name, first.name);
    co_await parcels.put(std::move(got));
    auto next = co_await parcels.next();
    EXPECT_EQ(next->name, first.name);
    Task<> later = create_task(parcels.put(first));
    co_await later;
    Outcome<Parcel> outcome = co_await as_result(parcels.get());
    EXPECT_EQ(outcome.value().counted.value, 1);
  };
  loop.run_until_complete(body());
  EXPECT_EQ(Counted::live, 0);
}

// Throws when it is moved for the n-th time from now.
struct Fragile {
  explicit Fragile(int v) : value(v) {}
  Fragile(Fragile&& other) : value(other.value) {
    if (moves_left >= 0 && moves_left-- == 0) throw std::runtime_error("move");
    other.value = -1;
  }
  bool operator<(const Fragile& other) const { return value < other.value; }
  static inline int moves_left = -1;
  int value;
};

template <class Q>
class FragileItems : public LoopTest {
 protected:
  ~FragileItems() override { Fragile::moves_left = -1; }
};
using FragileQueues = ::testing::Types<Queue<Fragile>, LifoQueue<Fragile>, PriorityQueue<Fragile>>;
TYPED_TEST_SUITE(FragileItems, FragileQueues);

TYPED_TEST(FragileItems, an_item_whose_move_throws_stays_in_the_queue) {
  TypeParam queue;
  queue.put_nowait(Fragile(7));
  Fragile::moves_left = 0;
  EXPECT_EQ(thrown<std::runtime_error>([&] { queue.get_nowait(); }), "move");
  EXPECT_EQ(queue.qsize(), 1u);
  EXPECT_EQ(queue.get_nowait().value, 7);
}

TYPED_TEST(FragileItems, an_item_whose_move_throws_goes_to_the_next_getter) {
  TypeParam queue;
  std::vector<int> got;
  auto body = [&]() -> Coro<> {
    Fragile item = co_await queue.get();
    got.push_back(item.value);
  };
  Task<> first = this->loop.create_task(body()), second = this->loop.create_task(body());
  this->loop.turn();
  queue.put_nowait(Fragile(7));
  Fragile::moves_left = 0;
  this->loop.turn(2);
  EXPECT_EQ(thrown<std::runtime_error>([&] { first.result(); }), "move");
  EXPECT_EQ(got, std::vector<int>{7});
}

TYPED_TEST(FragileItems, next_loses_none_either) {
  TypeParam queue;
  queue.put_nowait(Fragile(7));
  auto body = [&]() -> Coro<int> {
    auto item = co_await queue.next();
    co_return item->value;
  };
  Fragile::moves_left = 0;
  EXPECT_EQ(thrown<std::runtime_error>([&] { this->loop.run_until_complete(body()); }), "move");
  EXPECT_EQ(this->loop.run_until_complete(body()), 7);
}

TYPED_TEST(FragileItems, a_put_whose_item_cannot_be_moved_in_changes_nothing) {
  TypeParam queue(1);
  for (int n = 0; n < 3; ++n) {
    Fragile::moves_left = n;
    auto body = [&]() -> Coro<> { co_await queue.put(Fragile(1)); };
    std::exception_ptr error = caught([&] { this->loop.run_until_complete(body()); });
    Fragile::moves_left = -1;
    if (!error) break;
    EXPECT_EQ(queue.qsize(), 0u);
  }
  if (queue.empty()) queue.put_nowait(Fragile(2));
  EXPECT_TRUE(queue.full());
}

TYPED_TEST(FragileItems, a_queue_that_grows_moves_none) {
  TypeParam queue;
  for (int i = 0; i < 8; ++i) queue.put_nowait(Fragile(i));
  Fragile last(8);
  auto body = [&]() -> Coro<> { co_await queue.put(std::move(last)); };
  Fragile::moves_left = 6;  // its own way in, and more: the others are not moved
  std::exception_ptr error = caught([&] { this->loop.run_until_complete(body()); });
  Fragile::moves_left = -1;
  EXPECT_FALSE(error);
  EXPECT_EQ(queue.qsize(), 9u);
}

TEST_F(Queues, a_putter_whose_item_cannot_be_moved_in_leaves_its_place_to_the_next) {
  Queue<Fragile> full(1);
  full.put_nowait(Fragile(1));
  auto body = [&](int value) -> Coro<> {
    Fragile item(value);
    co_await full.put(std::move(item));
  };
  Task<> first = loop.create_task(body(2)), second = loop.create_task(body(3));
  loop.turn();
  full.get_nowait();
  Fragile::moves_left = 0;
  loop.turn(2);
  Fragile::moves_left = -1;
  EXPECT_EQ(thrown<std::runtime_error>([&] { first.result(); }), "move");
  EXPECT_TRUE(second.done());
  EXPECT_EQ(full.get_nowait().value, 3);
}

TEST_F(Queues, a_comparison_that_throws_changes_nothing) {
  int left = -1;
  auto compare = [&left](int a, int b) {
    if (left >= 0 && left-- == 0) throw std::runtime_error("compare");
    return a < b;
  };
  for (int fail_at = 0; fail_at < 12; ++fail_at) {
    PriorityQueue<int, decltype(compare)> ranked(0, compare);
    for (int i : {5, 3, 8, 1, 9, 2}) ranked.put_nowait(i);
    left = fail_at;
    std::exception_ptr put_error = caught([&] { ranked.put_nowait(0); });
    left = fail_at;
    int first = -1;
    std::exception_ptr get_error = caught([&] { first = ranked.get_nowait(); });
    left = -1;
    std::vector<int> got;
    if (!get_error) got.push_back(first);
    while (!ranked.empty()) got.push_back(ranked.get_nowait());
    std::vector<int> expected = put_error ? std::vector<int>{1, 2, 3, 5, 8, 9} : std::vector<int>{0, 1, 2, 3, 5, 8, 9};
    EXPECT_EQ(got, expected) << fail_at;
  }
}

TEST_F(Queues, errors_that_are_caught_at_once_take_nothing_from_what_is_known_of_another) {
  Task<> failed = loop.create_task(throws(std::make_exception_ptr(std::runtime_error("boom"))));
  loop.turn();
  queue->shutdown();
  int refused = 0;
  auto body = [&]() -> Coro<> {
    Outcome<void> outcome = co_await as_result(failed);
    for (int i = 0; i < 10; ++i) {
      try {
        co_await queue->get();
      } catch (const QueueShutDown&) {
        ++refused;
      }
    }
    outcome.value();
  };
  loop.create_task(body);
  loop.turn();
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(loop.take_report().record->cause_id, 1u);
}

TEST_F(Queues, an_item_whose_destructor_uses_the_queue_does_no_harm) {
  struct Nosy {
    explicit Nosy(Queue<Nosy>& q) : queue(&q) {}
    Nosy(Nosy&& other) noexcept : queue(std::exchange(other.queue, nullptr)) {}
    ~Nosy() {
      if (!queue) return;
      EXPECT_TRUE(queue->empty());
    }
    Queue<Nosy>* queue;
  };
  Queue<Nosy> nosy;
  for (int i = 0; i < 3; ++i) nosy.put_nowait(Nosy(nosy));
  nosy.shutdown(true);
}

TEST_F(Queues, a_thousand_items_go_through_a_small_queue_in_order) {
  queue.emplace(4);
  std::vector<int> got;
  auto producer = [&]() -> Coro<> {
    for (int i = 0; i < 1000; ++i) co_await queue->put(i);
    queue->shutdown();
  };
  auto consumer = [&]() -> Coro<> {
    for (;;) {
      auto item = co_await queue->next();
      if (!item) break;
      got.push_back(*item);
    }
  };
  auto all = [&]() -> Coro<> { co_await gather(producer(), consumer(), consumer()); };
  loop.run_until_complete(all());
  ASSERT_EQ(got.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
}

}  // namespace
}  // namespace heed::test

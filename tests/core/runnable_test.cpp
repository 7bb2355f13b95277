// The intrusive queues.
#include "heed/core/runnable.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace heed::detail {
namespace {

struct Item final : Runnable {
  void run(LoopCore&) override {}
  char name = '?';
};

class Queues : public ::testing::Test {
 protected:
  Queues() {
    for (std::size_t i = 0; i < items.size(); ++i) items[i].name = static_cast<char>('a' + i);
  }
  std::string drain() {
    std::string names;
    while (Runnable* item = queue.pop()) names += static_cast<Item*>(item)->name;
    return names;
  }
  std::string drain_batch() {
    std::string names;
    while (Runnable* item = batch.front()) {
      batch.take_front(*item);
      names += static_cast<Item*>(item)->name;
    }
    return names;
  }
  void push(const std::string& names) {
    for (char name : names) queue.push(items[name - 'a']);
  }

  std::array<Item, 6> items;
  ReadyQueue queue;
  Batch batch;
};

TEST_F(Queues, first_in_first_out) {
  push("abc");
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(drain(), "abc");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST_F(Queues, an_emptied_queue_can_be_used_again) {
  push("a");
  drain();
  push("bc");
  EXPECT_EQ(drain(), "bc");
}

TEST_F(Queues, all_of_another_queue_goes_to_the_end) {
  ReadyQueue other;
  push("ab");
  other.push(items[2]);
  other.push(items[3]);
  queue.take_all(other);
  EXPECT_TRUE(other.empty());
  other.push(items[4]);
  queue.take_all(other);
  queue.take_all(other);
  push("f");
  EXPECT_EQ(drain(), "abcdef");
}

TEST_F(Queues, any_element_can_be_taken_out) {
  for (char out : std::string("abc")) {
    push("abc");
    EXPECT_TRUE(queue.remove(items[out - 'a']));
    EXPECT_FALSE(queue.remove(items[out - 'a']));
    push("d");
    std::string expected = "abcd";
    expected.erase(expected.find(out), 1);
    EXPECT_EQ(drain(), expected);
  }
}

TEST_F(Queues, the_only_element_can_be_taken_out) {
  push("a");
  EXPECT_TRUE(queue.remove(items[0]));
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.remove(items[0]));
  push("b");
  EXPECT_EQ(drain(), "b");
}

TEST_F(Queues, a_batch_has_all_that_was_in_the_queue) {
  push("abc");
  batch.take_all(queue);
  EXPECT_TRUE(queue.empty());
  push("d");  // is for the next one
  EXPECT_EQ(drain_batch(), "abc");
  EXPECT_EQ(batch.front(), nullptr);
  batch.take_all(queue);
  EXPECT_EQ(drain_batch(), "d");
  batch.take_all(queue);
  EXPECT_EQ(batch.front(), nullptr);
}

TEST_F(Queues, any_element_of_a_batch_can_be_taken_out) {
  for (char out : std::string("abc")) {
    push("abc");
    batch.take_all(queue);
    push("d");
    EXPECT_TRUE(batch.remove(items[out - 'a']));
    EXPECT_FALSE(batch.remove(items[out - 'a']));
    EXPECT_FALSE(batch.remove(items[3]));
    std::string expected = "abc";
    expected.erase(expected.find(out), 1);
    EXPECT_EQ(drain_batch(), expected);
    EXPECT_EQ(drain(), "d");
  }
}

TEST_F(Queues, what_is_left_of_a_batch_comes_before_what_is_in_the_queue) {
  push("abc");
  batch.take_all(queue);
  batch.take_front(items[0]);
  push("de");
  batch.put_back(queue);
  EXPECT_EQ(batch.front(), nullptr);
  batch.put_back(queue);  // nothing
  push("f");
  EXPECT_EQ(drain(), "bcdef");
}

TEST_F(Queues, a_list_keeps_its_order_and_moves_to_a_queue) {
  RunnableList list;
  EXPECT_TRUE(list.empty());
  for (Item& item : items) list.push_back(item);
  list.remove(items[0]);  // the first
  list.remove(items[5]);  // the last
  list.remove(items[2]);  // one in the middle
  list.push_back(items[0]);
  list.move_to(queue);
  EXPECT_TRUE(list.empty());
  push("f");
  EXPECT_EQ(drain(), "bdeaf");
}

TEST_F(Queues, a_list_of_one_can_be_emptied_and_filled) {
  RunnableList list;
  list.push_back(items[0]);
  list.remove(items[0]);
  EXPECT_TRUE(list.empty());
  list.move_to(queue);
  EXPECT_TRUE(queue.empty());
  list.push_back(items[1]);
  list.move_to(queue);
  EXPECT_EQ(drain(), "b");
}

}  // namespace
}  // namespace heed::detail

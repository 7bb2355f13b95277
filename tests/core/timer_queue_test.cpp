// The heap and the wheel of deadlines.
#include "heed/core/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

namespace heed::detail {
namespace {

using namespace std::chrono_literals;

struct TestTimer final : Timer {
  void run(LoopCore&) override {}
  int number = 0;
};

class TimerQueues : public ::testing::Test {
 protected:
  TimerQueues() {
    for (int i = 0; i < 1000; ++i) {
      timers.push_back(std::make_unique<TestTimer>());
      timers.back()->number = i;
    }
  }
  static TimePoint at(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }
  std::vector<int> expired(TimePoint now) {
    ReadyQueue ready;
    queue.expire(now, ready);
    std::vector<int> numbers;
    while (Runnable* runnable = ready.pop()) numbers.push_back(static_cast<TestTimer*>(runnable)->number);
    return numbers;
  }

  TimerQueue queue;
  std::vector<std::unique_ptr<TestTimer>> timers;
};

TEST_F(TimerQueues, what_is_due_comes_in_order_of_deadlines_and_the_rest_stays) {
  queue.arm(*timers[0], at(3));
  queue.arm(*timers[1], at(1));
  queue.arm(*timers[2], at(2));
  EXPECT_EQ(queue.soonest(), at(1));
  EXPECT_EQ(expired(at(2)), (std::vector<int>{1, 2}));
  EXPECT_FALSE(timers[1]->armed());
  EXPECT_TRUE(timers[0]->armed());
  EXPECT_EQ(queue.size(), 1u);
}

TEST_F(TimerQueues, a_deadline_that_is_exactly_now_is_due) {
  queue.arm(*timers[0], at(1));
  EXPECT_TRUE(expired(at(1) - 1ns).empty());
  EXPECT_EQ(expired(at(1)), std::vector<int>{0});
}

TEST_F(TimerQueues, equal_deadlines_come_first_in_first_out) {
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i) {
    queue.arm(*timers[i], at(i % 2));
    if (i % 2 == 0) expected.push_back(i);
  }
  EXPECT_EQ(expired(at(0)), expected);
}

TEST_F(TimerQueues, a_disarmed_timer_does_not_come_and_may_be_disarmed_again) {
  queue.arm(*timers[0], at(1));
  queue.disarm(*timers[0]);
  queue.disarm(*timers[0]);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(expired(at(5)).empty());
}

TEST_F(TimerQueues, an_expired_timer_can_be_armed_again) {
  queue.arm(*timers[0], at(1));
  EXPECT_EQ(expired(at(1)).size(), 1u);
  queue.arm(*timers[0], at(2));
  EXPECT_EQ(expired(at(2)).size(), 1u);
}

TEST_F(TimerQueues, any_order_of_arming_and_disarming_agrees_with_a_sorted_list) {
  std::mt19937 random(1);
  std::vector<std::pair<int, int>> model;  // (deadline, number), in order of arming
  for (int round = 0; round < 20000; ++round) {
    int i = static_cast<int>(random() % timers.size());
    auto known = std::find_if(model.begin(), model.end(), [&](const auto& entry) { return entry.second == i; });
    if (known != model.end()) {
      queue.disarm(*timers[i]);
      model.erase(known);
    } else {
      int deadline = static_cast<int>(random() % 100);
      queue.arm(*timers[i], at(deadline));
      model.emplace_back(deadline, i);
    }
    ASSERT_EQ(queue.size(), model.size());
  }
  std::stable_sort(model.begin(), model.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<int> expected;
  for (const auto& [deadline, number] : model) expected.push_back(number);
  EXPECT_EQ(expired(at(100)), expected);
}

// All of these are fetched from the wheel at once.
TEST_F(TimerQueues, those_that_are_fetched_for_a_sleep_can_be_disarmed_in_any_order) {
  auto when = [](int i) { return at(100) + std::chrono::nanoseconds(i * 7 % 1000); };
  for (int i = 0; i < 1000; ++i) queue.arm(*timers[i], when(i));
  ASSERT_EQ(queue.soonest(), when(0));
  std::vector<int> left;
  for (int i = 0; i < 1000; ++i) {
    int number = i * 37 % 1000;
    if (number % 3 == 0) {
      left.push_back(number);
    } else {
      queue.disarm(*timers[number]);
      EXPECT_FALSE(timers[number]->armed());
    }
  }
  std::sort(left.begin(), left.end(), [&](int a, int b) { return when(a) < when(b); });
  EXPECT_EQ(queue.size(), left.size());
  EXPECT_EQ(expired(at(101)), left);
  EXPECT_TRUE(queue.empty());
}

TEST_F(TimerQueues, what_is_set_before_those_that_were_fetched_for_a_sleep_comes_before_them) {
  for (int i = 0; i < 500; ++i) queue.arm(*timers[i], at(100));
  ASSERT_EQ(queue.soonest(), at(100));
  for (int i = 500; i < 1000; ++i) queue.arm(*timers[i], at(i % 2 == 0 ? 50 : 150));
  std::vector<int> early, late;
  for (int i = 500; i < 1000; ++i) (i % 2 == 0 ? early : late).push_back(i);
  std::vector<int> fetched(500);
  std::iota(fetched.begin(), fetched.end(), 0);
  ASSERT_EQ(queue.soonest(), at(50));
  EXPECT_EQ(expired(at(50)), early);
  EXPECT_EQ(expired(at(100)), fetched);
  EXPECT_EQ(expired(at(150)), late);
}

TEST_F(TimerQueues, pop_gives_the_soonest_whether_it_is_due_or_not) {
  EXPECT_EQ(queue.pop(), nullptr);
  queue.arm(*timers[0], at(9));
  queue.arm(*timers[1], at(8));
  EXPECT_EQ(queue.pop(), timers[1].get());
  EXPECT_EQ(queue.pop(), timers[0].get());
  EXPECT_EQ(queue.pop(), nullptr);
}

// Deadlines from nanoseconds to months away, the past, and the end of time; a few hundred stay in the heap, more go
// through the wheel. Time moves on in steps of all sizes.
class TimerQueueModel : public TimerQueues, public ::testing::WithParamInterface<std::size_t> {
 protected:
  struct Armed {
    TimePoint when;
    int number;
  };

  TimePoint some_deadline() {
    if (random() % 50 == 0) return TimePoint::max();
    if (random() % 50 == 0) return now - std::chrono::nanoseconds(random() % 1'000'000'000);
    std::uint64_t range = std::uint64_t{1} << random() % 53;
    TimePoint when = now + std::chrono::nanoseconds(random() % range);
    return random() % 2 ? when : TimePoint(std::chrono::ceil<std::chrono::seconds>(when.time_since_epoch()));
  }
  void arm(int i) {
    TimePoint when = some_deadline();
    queue.arm(*timers[i], when);
    model.push_back({when, i});
  }
  void disarm(int i) {
    queue.disarm(*timers[i]);
    model.erase(std::find_if(model.begin(), model.end(), [&](const Armed& each) { return each.number == i; }));
  }
  std::vector<int> due() {
    std::vector<Armed> all;
    for (const Armed& each : model)
      if (each.when <= now) all.push_back(each);
    std::erase_if(model, [&](const Armed& each) { return each.when <= now; });
    std::stable_sort(all.begin(), all.end(), [](const Armed& a, const Armed& b) { return a.when < b.when; });
    std::vector<int> numbers;
    for (const Armed& each : all) numbers.push_back(each.number);
    return numbers;
  }
  TimePoint truly_soonest() const {
    return std::min_element(model.begin(), model.end(), [](const Armed& a, const Armed& b) { return a.when < b.when; })
        ->when;
  }

  std::mt19937_64 random{7};
  TimePoint now{std::chrono::hours(1000)};
  std::vector<Armed> model;  // in order of arming
};

TEST_P(TimerQueueModel, what_expires_agrees_with_a_sorted_list) {
  for (int step = 0; step < 20000; ++step) {
    int i = static_cast<int>(random() % GetParam());
    if (timers[i]->armed()) {
      disarm(i);
    } else {
      arm(i);
    }
    ASSERT_EQ(queue.size(), model.size());
    if (random() % 8 != 0) continue;
    now += std::chrono::nanoseconds(random() % (std::uint64_t{1} << random() % 45));
    ASSERT_EQ(expired(now), due());
  }
}

TEST_P(TimerQueueModel, who_sleeps_until_the_soonest_wakes_up_for_each_deadline_and_no_more) {
  for (std::size_t i = 0; i < GetParam(); ++i) arm(static_cast<int>(i));
  while (!model.empty()) {
    ASSERT_EQ(queue.soonest(), truly_soonest());
    now = std::max(now, queue.soonest());
    int i = static_cast<int>(random() % GetParam());  // meanwhile, one that may be sooner or later
    if (now < TimePoint::max() && timers[i]->armed()) {
      disarm(i);
      if (random() % 2) arm(i);
    }
    ASSERT_EQ(expired(now), due());
  }
  EXPECT_TRUE(queue.empty());
}

TEST_P(TimerQueueModel, pop_takes_all_in_order_of_deadlines) {
  for (std::size_t i = 0; i < GetParam(); ++i) arm(static_cast<int>(i));
  now = TimePoint::max();
  std::vector<int> numbers;
  while (Timer* timer = queue.pop()) numbers.push_back(static_cast<TestTimer*>(timer)->number);
  EXPECT_EQ(numbers, due());
}

INSTANTIATE_TEST_SUITE_P(of, TimerQueueModel, ::testing::Values(10u, 300u, 1000u));

}  // namespace
}  // namespace heed::detail

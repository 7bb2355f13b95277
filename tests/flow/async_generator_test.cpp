// Coroutines that give many values.
#include "heed/flow/async_generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "heed/failure/exceptions.hpp"
#include "heed/flow/gather.hpp"
#include "heed/flow/run.hpp"
#include "heed/flow/wait_for.hpp"
#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/log_capture.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class AsyncGenerators : public LoopTest {
 protected:
  static AsyncGenerator<int> count(int from, int to) {
    for (; from < to; ++from) co_yield from;
  }
  static AsyncGenerator<int> slowly(int to) {
    for (int i = 0; i < to; ++i) {
      co_await sleep(1s);
      co_yield i;
    }
  }
  static AsyncGenerator<int> fails_after_one() {
    co_yield 1;
    co_await yield_now();
    throw std::runtime_error("boom");
  }
  static AsyncGenerator<int> passes_a_failure_on() {
    co_yield 1;
    co_await pass(fails_later("passed"));
  }
  // Needs a turn to clean up when it is closed.
  AsyncGenerator<int> tidy(std::string name = "tidy") {
    Trace trace(destroyed, name);
    std::exception_ptr failure;
    try {
      for (int i = 0;; ++i) co_yield i;
    } catch (...) {
      failure = std::current_exception();
    }
    co_await yield_now();
    seen += name + " " + type_name(failure) + " ";
    std::rethrow_exception(failure);
  }
  static Coro<std::string> all_of(AsyncGenerator<int> generator) {
    std::string text;
    for (;;) {
      auto item = co_await generator.next();
      if (!item) break;
      text += std::to_string(*item) + " ";
    }
    co_return text;
  }
  std::string seen;
  std::vector<std::string> destroyed;
};

TEST_F(AsyncGenerators, a_failure_comes_out_of_next_once_and_ends_the_generator) {
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = fails_after_one();
    std::string text;
    for (int i = 0; i < 4; ++i) {
      auto outcome = co_await as_result(generator.next());
      if (outcome.exception()) {
        text += describe(outcome.exception()) + " ";
      } else {
        text += outcome.value() ? "value " : "end ";
      }
    }
    co_return text;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "value std::runtime_error: boom end end ");
}

TEST_F(AsyncGenerators, a_failure_that_the_body_passes_on_comes_out_as_well) {
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = passes_a_failure_on();
    co_await generator.next();
    try {
      co_await generator.next();
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "";
  };
  EXPECT_EQ(loop.run_until_complete(body()), "passed");
}

TEST_F(AsyncGenerators, the_failure_can_be_passed_on_by_whoever_asks) {
  auto body = [&]() -> Coro<> {
    AsyncGenerator<int> generator = passes_a_failure_on();
    co_await pass(generator.next());
    co_await pass(generator.next());
  };
  loop.create_task(body, named("main"));
  loop.turn(8);
  SeenReport report = loop.take_report();
  EXPECT_EQ(report.exception, "std::runtime_error: passed");
  ASSERT_TRUE(report.record);
  std::string chain;
  for (const AwaitSite& site : report.record->await_chain.sites) chain += std::string(site.function_name()) + "\n";
  EXPECT_TRUE(contains(chain, "fails_later")) << chain;
  EXPECT_TRUE(contains(chain, "passes_a_failure_on")) << chain;
}

TEST_F(AsyncGenerators, a_second_next_while_one_runs_is_refused) {
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = slowly(2);
    Task<std::optional<int>> first = create_task(as_coro(generator.next()));
    co_await yield_now();
    auto refused = co_await as_result(generator.next());
    auto closing = co_await as_result(generator.aclose());
    auto item = co_await first;
    co_return message_of(refused.exception()) + " | " + message_of(closing.exception()) + " | " + std::to_string(*item);
  };
  EXPECT_EQ(
      loop.run_until_complete(body()),
      "anext(): asynchronous generator is already running | aclose(): asynchronous generator is already running | 0");
}

TEST_F(AsyncGenerators, one_that_was_begun_in_another_loop_is_refused) {
  AsyncGenerator<int> generator = count(0, 3);
  auto first = [&]() -> Coro<> { co_await generator.next(); };
  loop.run_until_complete(first());
  VirtualTime other_time;
  EventLoop other(other_time.make_poller(), other_time);
  EXPECT_TRUE(contains(thrown<std::runtime_error>([&] { other.run_until_complete(first()); }), "different event loop"));
  generator = {};
}

TEST_F(AsyncGenerators, a_cancellation_is_raised_in_the_body_and_ends_the_generator) {
  AsyncGenerator<int> generator = slowly(3);
  auto body = [&]() -> Coro<> { co_await generator.next(); };
  Task<> task = loop.create_task(body);
  loop.turn(2);
  task.cancel();
  loop.turn(2);
  EXPECT_TRUE(task.cancelled());
  EXPECT_FALSE(generator.open());
}

TEST_F(AsyncGenerators, a_timeout_around_next_ends_the_generator) {
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = slowly(3);
    auto outcome = co_await as_result(wait_for(generator.next(), 500ms));
    EXPECT_FALSE(generator.open());
    co_return type_name(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "heed::TimeoutError");
}

TEST_F(AsyncGenerators, a_value_that_throws_when_it_is_moved_out_leaves_the_generator_usable) {
  struct Grumpy {
    explicit Grumpy(int* moves) : moves_left(moves) {}
    Grumpy(Grumpy&& other) : moves_left(other.moves_left) {
      if (--*moves_left == 0) throw std::runtime_error("no");
    }
    int* moves_left;
  };
  auto grumpy = [](int* moves) -> AsyncGenerator<Grumpy> {
    co_yield Grumpy(moves);
    co_yield Grumpy(moves);
  };
  int moves = 2;
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<Grumpy> generator = grumpy(&moves);
    std::string text;
    for (int i = 0; i < 3; ++i) {
      try {
        auto item = co_await generator.next();
        text += item ? "value " : "end ";
      } catch (const std::runtime_error& error) {
        text += error.what() + std::string(" ");
      }
      moves = 100;
    }
    co_return text;
  };
  EXPECT_EQ(loop.run_until_complete(body()), "no value end ");
}

TEST_F(AsyncGenerators, one_that_is_dropped_while_it_runs_is_destroyed_when_its_step_is_over) {
  std::optional<AsyncGenerator<int>> generator(slowly(3));
  auto body = [&]() -> Coro<int> {
    auto item = co_await generator->next();
    co_return *item;
  };
  Task<int> task = loop.create_task(body);
  loop.turn(2);
  generator.reset();
  loop.run_for(2s);
  EXPECT_EQ(task.result(), 0);
}

TEST_F(AsyncGenerators, the_loop_may_close_while_one_runs) {
  AsyncGenerator<int> generator = slowly(3);
  auto body = [&]() -> Coro<> { co_await generator.next(); };
  loop.create_task(body);
  loop.turn(2);
  loop.close();
  EXPECT_EQ(loop.take_report().message, "Task was destroyed but it is pending!");
  EXPECT_FALSE(generator.open());
}

TEST_F(AsyncGenerators, a_destructor_that_throws_when_one_is_dropped_is_reported) {
  auto throwing = []() -> AsyncGenerator<int> {
    AtExit at_exit([] { throw std::runtime_error("from a destructor"); });
    co_yield 1;
  };
  auto body = [&]() -> Coro<> {
    AsyncGenerator<int> generator = throwing();
    co_await generator.next();
  };
  loop.run_until_complete(body());
  EXPECT_EQ(loop.take_report().exception, "std::runtime_error: from a destructor");
}

// --- aclose ----------------------------------------------------------------------------------------------------------

TEST_F(AsyncGenerators, closing_raises_generator_exit_at_the_yield_and_awaits_the_cleanup) {
  auto body = [&]() -> Coro<> {
    AsyncGenerator<int> generator = tidy();
    co_await generator.next();
    co_await generator.aclose();
    EXPECT_FALSE(generator.open());
    auto item = co_await generator.next();
    EXPECT_FALSE(item);
    co_await generator.aclose();
  };
  loop.run_until_complete(body());
  EXPECT_EQ(seen, "tidy heed::GeneratorExit ");
}

TEST_F(AsyncGenerators, one_that_yields_when_it_is_closed_is_an_error_and_stays_open) {
  auto stubborn = []() -> AsyncGenerator<int> {
    for (int i = 0; i < 2; ++i) {
      try {
        co_yield i;
      } catch (const GeneratorExit&) {
      }
    }
  };
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = stubborn();
    co_await generator.next();
    auto outcome = co_await as_result(generator.aclose());
    EXPECT_TRUE(generator.open());
    co_await generator.aclose();
    EXPECT_FALSE(generator.open());
    co_return describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: async generator ignored GeneratorExit");
}

TEST_F(AsyncGenerators, what_the_body_fails_with_while_it_is_closed_comes_out) {
  auto failing = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
      throw std::runtime_error("while closing");
    }
  };
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = failing();
    co_await generator.next();
    auto outcome = co_await as_result(generator.aclose());
    co_return describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "std::runtime_error: while closing");
}

TEST_F(AsyncGenerators, closing_one_that_was_never_begun_runs_nothing) {
  auto body = [&]() -> Coro<> {
    AsyncGenerator<int> generator = tidy();
    co_await generator.aclose();
    EXPECT_FALSE(generator.open());
  };
  loop.run_until_complete(body());
  EXPECT_EQ(seen, "");
  EXPECT_TRUE(destroyed.empty());
}

// --- at the end of the program ---------------------------------------------------------------------------------------

TEST_F(AsyncGenerators, those_that_are_left_open_are_closed_by_shutdown_the_last_begun_first) {
  AsyncGenerator<int> first = tidy("first"), second = tidy("second"), ended = count(0, 0),
                      untouched = tidy("untouched");
  auto body = [&]() -> Coro<> {
    co_await first.next();
    co_await second.next();
    co_await ended.next();
    co_await shutdown_asyncgens();
  };
  loop.run_until_complete(body());
  EXPECT_EQ(seen, "second heed::GeneratorExit first heed::GeneratorExit ");
  EXPECT_FALSE(first.open());
  EXPECT_TRUE(untouched.open());
}

TEST_F(AsyncGenerators, what_fails_at_shutdown_is_reported_and_the_others_are_closed) {
  auto failing = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
      throw std::runtime_error("while closing");
    }
  };
  AsyncGenerator<int> first = tidy("first"), second = failing();
  auto body = [&]() -> Coro<> {
    co_await first.next();
    co_await second.next();
    co_await shutdown_asyncgens();
  };
  loop.run_until_complete(body());
  EXPECT_EQ(seen, "first heed::GeneratorExit ");
  SeenReport report = loop.take_report();
  EXPECT_TRUE(contains(report.message, "an error occurred during closing of asynchronous generator")) << report.message;
  EXPECT_EQ(report.exception, "std::runtime_error: while closing");
}

TEST_F(AsyncGenerators, run_closes_those_that_are_left_after_the_leftover_tasks_have_ended) {
  AsyncGenerator<int> kept = tidy();
  auto leftover = [&]() -> Coro<> {
    auto outcome = co_await as_result(waits_for_ever());
    co_await yield_now();
    seen += "leftover ";
  };
  auto main = [&]() -> Coro<> {
    create_task(leftover);
    co_await kept.next();
    co_await yield_now();
    seen += "main ";
  };
  run(main);
  EXPECT_EQ(seen, "main leftover tidy heed::GeneratorExit ");
  EXPECT_FALSE(kept.open());
}

TEST_F(AsyncGenerators, one_that_does_not_end_at_shutdown_is_told_and_stays_with_its_owner) {
  LogCapture log;
  auto endless = []() -> AsyncGenerator<int> {
    try {
      co_yield 1;
    } catch (const GeneratorExit&) {
    }
    co_await waits_for_ever();
  };
  AsyncGenerator<int> kept = endless();
  auto main = [&]() -> Coro<> { co_await kept.next(); };
  run(main, RunOptions().shutdown_timeout(10ms));
  EXPECT_FALSE(kept.open());
  ASSERT_EQ(log.entries().size(), 1u);
  EXPECT_TRUE(contains(log.messages()[0], "did not end within 0.01 s")) << log.messages()[0];
}

TEST_F(AsyncGenerators, one_that_outlives_its_loop_can_still_be_dropped) {
  AsyncGenerator<int> kept = tidy();
  auto body = [&]() -> Coro<> { co_await kept.next(); };
  loop.run_until_complete(body());
  loop.close();
  kept = {};
  EXPECT_EQ(destroyed, std::vector<std::string>{"tidy"});
}

// --- values ----------------------------------------------------------------------------------------------------------

TEST_F(AsyncGenerators, it_gives_its_values_and_then_nothing) {
  auto body = [&]() -> Coro<std::string> { co_return co_await all_of(count(0, 4)); };
  EXPECT_EQ(loop.run_until_complete(body()), "0 1 2 3 ");
}

TEST_F(AsyncGenerators, it_may_await_between_values) {
  auto body = [&]() -> Coro<std::string> { co_return co_await all_of(slowly(3)); };
  TimePoint start = loop.time();
  EXPECT_EQ(loop.run_until_complete(body()), "0 1 2 ");
  EXPECT_EQ(loop.time() - start, 3s);
}

TEST_F(AsyncGenerators, a_value_takes_no_turn_of_the_loop) {
  bool turned = false;
  auto body = [&]() -> Coro<> {
    loop.call_soon([&] { turned = true; });
    co_await all_of(count(0, 100));
    EXPECT_FALSE(turned);
  };
  loop.run_until_complete(body());
}

TEST_F(AsyncGenerators, a_million_values_do_not_grow_the_stack) {
  auto body = [&]() -> Coro<long> {
    AsyncGenerator<int> generator = count(0, 1'000'000);
    long sum = 0;
    for (;;) {
      auto item = co_await generator.next();
      if (!item) break;
      sum += *item;
    }
    co_return sum;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 499999500000L);
}

TEST_F(AsyncGenerators, different_tasks_may_ask_one_after_the_other) {
  AsyncGenerator<int> generator = slowly(2);
  auto ask = [&]() -> Coro<int> {
    auto item = co_await generator.next();
    co_return *item;
  };
  EXPECT_EQ(loop.run_until_complete(ask()), 0);
  EXPECT_EQ(loop.run_until_complete(ask()), 1);
}

TEST_F(AsyncGenerators, next_goes_wherever_a_coroutine_goes) {
  auto body = [&]() -> Coro<std::string> {
    AsyncGenerator<int> generator = slowly(5);
    auto task = heed::create_task(generator.next());
    auto first = co_await task;
    auto [second] = co_await heed::gather(generator.next());
    auto third = co_await heed::wait_for(generator.next(), 2s);
    auto fourth = co_await heed::as_result(generator.next());
    auto fifth = co_await heed::pass(generator.next());
    co_return std::to_string(*first) + std::to_string(*second) + std::to_string(*third) +
        std::to_string(*fourth.value()) + std::to_string(*fifth);
  };
  EXPECT_EQ(loop.run_until_complete(body()), "01234");
}

TEST_F(AsyncGenerators, one_that_is_dropped_early_destroys_its_locals_at_once) {
  auto body = [&]() -> Coro<> {
    AsyncGenerator<int> generator = tidy();
    co_await generator.next();
    AsyncGenerator<int> moved = std::move(generator);
    auto item = co_await moved.next();
    EXPECT_EQ(*item, 1);
    moved = count(0, 1);
    EXPECT_EQ(destroyed, std::vector<std::string>{"tidy"});
  };
  loop.run_until_complete(body());
  EXPECT_EQ(seen, "");
}

TEST_F(AsyncGenerators, one_that_is_never_asked_is_no_mistake) {
  LogCapture log;
  loop.set_debug(true);
  { AsyncGenerator<int> generator = tidy(); }
  auto body = [&]() -> Coro<> {
    AsyncGenerator<int> generator = tidy();
    co_return;
  };
  loop.run_until_complete(body());
  EXPECT_TRUE(log.entries().empty());
}

TEST_F(AsyncGenerators, values_may_be_move_only_or_references) {
  int target = 5;
  auto pointers = []() -> AsyncGenerator<std::unique_ptr<int>> {
    co_yield std::make_unique<int>(1);
    auto second = std::make_unique<int>(2);
    co_yield std::move(second);
  };
  auto references = [](int& object) -> AsyncGenerator<int&> { co_yield object; };
  auto body = [&]() -> Coro<int> {
    AsyncGenerator<std::unique_ptr<int>> unique = pointers();
    auto one = co_await unique.next();
    auto two = co_await unique.next();
    AsyncGenerator<int&> same = references(target);
    int* item = co_await same.next();
    *item = 7;
    int* end = co_await same.next();
    EXPECT_EQ(end, nullptr);
    co_return **one * 10 + **two;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 12);
  EXPECT_EQ(target, 7);
}

TEST_F(AsyncGenerators, a_local_that_is_yielded_stays_as_it_is) {
  auto strings = []() -> AsyncGenerator<std::string> {
    std::string local = "a string that is too long for the small buffer";
    co_yield local;
    co_yield local;
  };
  auto body = [&]() -> Coro<bool> {
    AsyncGenerator<std::string> generator = strings();
    auto first = co_await generator.next();
    auto second = co_await generator.next();
    co_return *first == *second;
  };
  EXPECT_TRUE(loop.run_until_complete(body()));
}

TEST_F(AsyncGenerators, no_value_is_lost_or_destroyed_twice) {
  auto counted = []() -> AsyncGenerator<Counted> {
    Counted local(1);
    co_yield local;
    co_yield Counted(2);
    co_yield Counted(3);
  };
  auto body = [&]() -> Coro<int> {
    AsyncGenerator<Counted> generator = counted();
    auto one = co_await generator.next();
    auto two = co_await generator.next();
    co_return one->value * 10 + two->value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 12);
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(AsyncGenerators, generators_nest) {
  auto doubled = [](AsyncGenerator<int> inner) -> AsyncGenerator<int> {
    for (;;) {
      auto item = co_await inner.next();
      if (!item) break;
      co_yield 2 * *item;
    }
  };
  auto body = [&]() -> Coro<std::string> { co_return co_await all_of(doubled(doubled(count(1, 4)))); };
  EXPECT_EQ(loop.run_until_complete(body()), "4 8 12 ");
}

// --- for_each --------------------------------------------------------------------------------------------------------

TEST_F(AsyncGenerators, a_function_that_fails_closes_the_generator_first) {
  auto body = [&]() -> Coro<std::string> {
    auto outcome = co_await as_result(for_each(tidy(), [](int i) {
      if (i == 2) throw std::runtime_error("enough");
    }));
    co_return seen + describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "tidy heed::GeneratorExit std::runtime_error: enough");
}

TEST_F(AsyncGenerators, a_failure_of_the_generator_comes_out_of_for_each) {
  auto body = [&]() -> Coro<std::string> {
    auto outcome = co_await as_result(for_each(fails_after_one(), [&](int i) { seen += std::to_string(i) + " "; }));
    co_return seen + describe(outcome.exception());
  };
  EXPECT_EQ(loop.run_until_complete(body()), "1 std::runtime_error: boom");
}

TEST_F(AsyncGenerators, for_each_takes_functions_and_coroutines) {
  auto body = [&]() -> Coro<> {
    co_await for_each(count(0, 3), [&](int i) { seen += std::to_string(i); });
    auto slow = [&](int i) -> Coro<> {
      co_await sleep(1s);
      seen += std::to_string(i);
    };
    co_await for_each(slowly(2), slow);
    int target = 1;
    auto reference = [](int& object) -> AsyncGenerator<int&> { co_yield object; };
    co_await for_each(reference(target), [](int& object) { object = 9; });
    seen += std::to_string(target);
  };
  loop.run_until_complete(body());
  EXPECT_EQ(seen, "012019");
}

}  // namespace
}  // namespace heed::test

// Every type of result, through coroutines, tasks, futures and outcomes.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

struct NoDefault {
  explicit NoDefault(int v) : value(v) {}
  int value;
};
struct Big {
  std::array<std::uint64_t, 200> words;  // over 1 KiB: such a frame does not come from the pool
};
struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&& other) : moves(other.moves + 1) {
    if (moves == limit) throw std::runtime_error("moved");
  }
  int moves = 0;
  static inline int limit = 0;
};

class ResultTypes : public LoopTest {
 protected:
  // Runs a coroutine as itself, as a task, and as an outcome, each time after a turn of the loop.
  template <class T, class Check>
  void through_everything(Coro<T> (*make)(), Check check) {
    auto inner = [](Coro<T> (*f)()) -> Coro<T> {
      co_await yield_now();
      co_return co_await f();
    };
    check(loop.run_until_complete(make()));
    check(loop.run_until_complete(inner(make)));
    Task<T> task = loop.create_task(inner(make));
    loop.turn(2);
    check(task.result());
    auto outcome_of = [&]() -> Coro<> {
      Outcome<T> outcome = co_await as_result(inner(make));
      check(outcome.value());
      Outcome<T> of_task = co_await as_result(create_task(inner(make)));
      check(std::move(of_task).value());
      check(co_await pass(inner(make)));
    };
    loop.run_until_complete(outcome_of());
  }
};

TEST_F(ResultTypes, a_number) {
  through_everything<int>(
      +[]() -> Coro<int> { co_return 7; }, [](int v) { EXPECT_EQ(v, 7); });
}

TEST_F(ResultTypes, a_string) {
  through_everything<std::string>(
      +[]() -> Coro<std::string> { co_return std::string(100, 'x'); },
      [](const std::string& v) { EXPECT_EQ(v, std::string(100, 'x')); });
}

TEST_F(ResultTypes, a_type_without_default_constructor) {
  through_everything<NoDefault>(
      +[]() -> Coro<NoDefault> { co_return NoDefault(5); }, [](const NoDefault& v) { EXPECT_EQ(v.value, 5); });
}

TEST_F(ResultTypes, a_move_only_type) {
  through_everything<std::unique_ptr<int>>(
      +[]() -> Coro<std::unique_ptr<int>> { co_return std::make_unique<int>(3); },
      [](const std::unique_ptr<int>& v) { EXPECT_EQ(*v, 3); });
}

TEST_F(ResultTypes, a_large_type) {
  through_everything<Big>(
      +[]() -> Coro<Big> {
        Big big;
        big.words.fill(9);
        co_return big;
      },
      [](const Big& v) { EXPECT_EQ(v.words[199], 9u); });
}

TEST_F(ResultTypes, a_reference_keeps_its_identity) {
  static int object = 1;
  through_everything<int&>(
      +[]() -> Coro<int&> { co_return object; }, [](int& v) { EXPECT_EQ(&v, &object); });
}

TEST_F(ResultTypes, a_counted_type_is_destroyed_as_often_as_it_is_made) {
  through_everything<Counted>(
      +[]() -> Coro<Counted> { co_return Counted(4); }, [](const Counted& v) { EXPECT_EQ(v.value, 4); });
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(ResultTypes, nothing) {
  auto inner = []() -> Coro<> { co_await yield_now(); };
  auto body = [&]() -> Coro<> {
    co_await inner();
    co_await pass(inner());
    Outcome<void> outcome = co_await as_result(inner());
    EXPECT_TRUE(outcome.has_value());
    outcome.value();
  };
  loop.run_until_complete(body());
  Task<> task = loop.create_task(inner());
  loop.turn(2);
  task.result();
}

TEST_F(ResultTypes, a_failed_result_of_each_type_leaves_nothing_to_destroy) {
  auto failing = []() -> Coro<Counted> {
    Counted local(1);
    if (local.value == 1) throw std::runtime_error("no value");
    co_return local;
  };
  EXPECT_THROW(loop.run_until_complete(failing()), std::runtime_error);
  auto reference = []() -> Coro<int&> {
    static int object = 0;
    if (object == 0) throw std::runtime_error("no reference");
    co_return object;
  };
  EXPECT_THROW(loop.run_until_complete(reference()), std::runtime_error);
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(ResultTypes, a_result_whose_move_throws_fails_the_coroutine_or_its_await) {
  auto body = []() -> Coro<ThrowsWhenMoved> {
    ThrowsWhenMoved value;
    co_return std::move(value);
  };
  auto awaiting = [&]() -> Coro<int> {
    int moves = 0;
    ThrowsWhenMoved value = co_await body();
    moves = value.moves;
    co_return moves;
  };
  for (int limit = 1; limit < 3; ++limit) {  // into the frame, out of the frame
    ThrowsWhenMoved::limit = limit;
    EXPECT_THROW(loop.run_until_complete(awaiting()), std::runtime_error) << limit;
  }
}

TEST_F(ResultTypes, a_result_whose_move_into_the_task_throws_is_a_failure_of_the_task) {
  auto body = []() -> Coro<ThrowsWhenMoved> {
    ThrowsWhenMoved value;
    co_return std::move(value);
  };
  ThrowsWhenMoved::limit = 2;  // the second move is that out of the frame
  Task<ThrowsWhenMoved> task = loop.create_task(body());
  loop.turn();
  EXPECT_EQ(describe(task.exception()), "std::runtime_error: moved");
}

TEST_F(ResultTypes, a_value_whose_construction_throws_leaves_the_future_pending) {
  struct Picky {
    explicit Picky(int v) {
      if (v < 0) throw std::invalid_argument("negative");
    }
  };
  Future<Picky> future = loop.create_future<Picky>();
  EXPECT_THROW(future.set_result(-1), std::invalid_argument);
  EXPECT_FALSE(future.done());
  future.set_result(1);
  EXPECT_TRUE(future.done());
}

TEST_F(ResultTypes, a_future_of_a_reference_and_of_nothing) {
  int object = 1;
  Future<int&> reference = loop.create_future<int&>();
  Future<> nothing = loop.create_future<>();
  reference.set_result(object);
  nothing.set_result();
  EXPECT_EQ(&reference.result(), &object);
  nothing.result();
}

}  // namespace
}  // namespace heed::test

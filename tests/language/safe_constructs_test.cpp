// The constructs that our documentation calls safe with g++ 12, each pinned with a type that notices when an object is
// copied bit by bit, destroyed twice or lost. Each runs with an await that suspends and with one that does not.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"

namespace heed::test {
namespace {

class SafeConstructs : public LoopTest, public ::testing::WithParamInterface<bool> {
 protected:
  void TearDown() override {
    LoopTest::TearDown();
    EXPECT_EQ(Counted::live, 0);
  }
  // With a suspension or without.
  template <class T>
  Coro<T> give(T value) {
    if (GetParam()) co_await yield_now();
    co_return value;
  }
  Coro<int> value_of(Counted counted) {
    if (GetParam()) co_await yield_now();
    co_return counted.value;
  }
  Coro<int> value_of_reference(const Counted& counted) {
    if (GetParam()) co_await yield_now();
    co_return counted.value;
  }
  template <class F>
  Coro<int> call(F function) {
    if (GetParam()) co_await yield_now();
    co_return function();
  }
  template <class F, class... Args>
  Coro<int> call_with(F function, Args... args) {
    if (GetParam()) co_await yield_now();
    co_return function(args...);
  }
  template <class F>
  int run(F body) {
    return loop.run_until_complete(body());
  }
};

TEST_P(SafeConstructs, a_named_lambda_that_is_moved_in) {
  auto body = [this]() -> Coro<int> {
    Counted counted(7);
    auto function = [counted] { return counted.value; };
    int value = co_await call(std::move(function));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_coroutine_that_is_named_and_awaited_in_two_statements) {
  auto body = [this]() -> Coro<int> {
    Counted counted(7);
    auto coro = call([counted] { return counted.value; });
    int value = co_await std::move(coro);
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_temporary_lambda_that_captures_by_reference) {
  auto body = [this]() -> Coro<int> {
    Counted counted(7);
    int value = co_await call([&] { return counted.value; });
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_temporary_lambda_that_captures_trivial_values) {
  auto body = [this]() -> Coro<int> {
    int seven = 7;
    int value = co_await call([seven] { return seven; });
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_lambda_without_captures_and_its_arguments) {
  auto body = [this]() -> Coro<int> {
    Counted counted(3);
    int value =
        co_await call_with([](const Counted& a, const Counted& b) { return a.value + b.value; }, counted, Counted(4));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_temporary_of_a_class_with_a_constructor) {
  auto body = [this]() -> Coro<int> {
    int value = co_await value_of(Counted(7));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_temporary_that_is_bound_to_a_reference_parameter) {
  auto body = [this]() -> Coro<int> {
    int value = co_await value_of_reference(Counted(7));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, options_with_constructors_as_temporaries) {
  auto body = [this]() -> Coro<int> {
    Task<int> task = loop.create_task(give(7), named(std::string(100, 'n')));
    EXPECT_EQ(task.name(), std::string(100, 'n'));
    int value = co_await task;
    value += co_await loop.create_task(give(1), named(std::string(100, 'm')).eager());
    co_return value;
  };
  EXPECT_EQ(run(body), 8);
}

TEST_P(SafeConstructs, strings_pairs_tuples_optionals_and_vectors_as_temporaries) {
  auto body = [this]() -> Coro<int> {
    std::string text = co_await give(std::string(100, 'x'));
    std::pair<Counted, std::string> pair = co_await give(std::pair<Counted, std::string>(Counted(1), "pair"));
    std::tuple<Counted, int> tuple = co_await give(std::make_tuple(Counted(2), 3));
    std::optional<Counted> optional = co_await give(std::optional<Counted>(Counted(4)));
    std::vector<Counted> vector = co_await give(std::vector<Counted>(3, Counted(5)));
    EXPECT_EQ(text.size(), 100u);
    co_return pair.first.value + std::get<0>(tuple).value + std::get<1>(tuple) + optional->value + vector[2].value;
  };
  EXPECT_EQ(run(body), 15);
}

TEST_P(SafeConstructs, a_parameter_pack_of_temporaries) {
  auto body = [this]() -> Coro<int> {
    int value = co_await call_with([](auto... args) { return (args.value + ...); }, Counted(1), Counted(2), Counted(4));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_range_for_over_an_awaited_temporary) {
  auto body = [this]() -> Coro<int> {
    int sum = 0;
    for (const Counted& counted : co_await give(std::vector<Counted>(3, Counted(2)))) sum += counted.value;
    co_return sum;
  };
  EXPECT_EQ(run(body), 6);
}

TEST_P(SafeConstructs, an_await_in_the_body_of_a_range_for) {
  auto body = [this]() -> Coro<int> {
    std::vector<Counted> all(3, Counted(2));
    int sum = 0;
    for (const Counted& counted : all) sum += co_await value_of(counted);
    co_return sum;
  };
  EXPECT_EQ(run(body), 6);
}

TEST_P(SafeConstructs, nested_awaits) {
  auto body = [this]() -> Coro<int> {
    int value = co_await value_of(co_await give(Counted(co_await give(7))));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, several_awaits_in_one_expression) {
  auto body = [this]() -> Coro<int> {
    int value = co_await value_of(Counted(1)) + co_await value_of(Counted(2)) * co_await give(3);
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, structured_bindings) {
  auto body = [this]() -> Coro<int> {
    auto pair = co_await give(std::pair<Counted, int>(Counted(3), 4));
    auto& [counted, number] = pair;
    co_return counted.value + number;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_condition_that_is_awaited_first) {
  auto branch = [this](bool which) -> Coro<int> {
    auto ok = co_await give(which);
    if (ok) co_return 1;
    co_return 2;
  };
  auto repeat = [this](int limit) -> Coro<int> {
    int turns = 0;
    for (;;) {
      auto more = co_await give(turns < limit);
      if (!more) break;
      ++turns;
    }
    co_return turns;
  };
  EXPECT_EQ(loop.run_until_complete(branch(true)), 1);
  EXPECT_EQ(loop.run_until_complete(branch(false)), 2);
  EXPECT_EQ(loop.run_until_complete(repeat(5)), 5);
}

TEST_P(SafeConstructs, a_result_that_is_ignored) {
  auto body = [this]() -> Coro<int> {
    co_await give(Counted(1));
    static_cast<void>(co_await give(Counted(2)));
    co_return 7;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, an_await_in_co_return) {
  auto body = [this]() -> Coro<int> { co_return co_await value_of(Counted(7)); };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, an_await_as_an_argument_and_as_an_initialiser) {
  auto body = [this]() -> Coro<int> {
    Counted counted(co_await give(3));
    Counted copy = co_await give(counted);
    std::vector<Counted> all;
    all.push_back(co_await give(Counted(4)));
    co_return copy.value + all[0].value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, an_exception_with_temporaries_alive) {
  auto failing = [this](const Counted&) -> Coro<int> {
    Counted local = co_await give(Counted(1));
    if (local.value == 1) throw std::runtime_error("x");
    co_return 0;
  };
  auto body = [&]() -> Coro<int> {
    int value = 0;
    try {
      value = co_await failing(Counted(2));
    } catch (const std::runtime_error&) {
      value = 7;
    }
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, pass_and_as_result_around_a_call_with_temporaries) {
  auto body = [this]() -> Coro<int> {
    int value = co_await pass(value_of(Counted(3)));
    Outcome<int> outcome = co_await as_result(value_of(Counted(4)));
    co_return value + outcome.value();
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_lambda_given_to_create_task_in_a_statement_of_its_own) {
  auto body = [this]() -> Coro<int> {
    Counted counted(7);
    Task<int> task = loop.create_task([counted]() -> Coro<int> {
      if (GetParam()) co_await yield_now();
      co_return counted.value;
    });
    int value = co_await task;
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_member_coroutine_of_a_named_object) {
  struct Adder {
    Counted base;
    Coro<int> add(Counted other) {
      co_await yield_now();
      co_return base.value + other.value;
    }
  };
  auto body = []() -> Coro<int> {
    Adder adder{Counted(3)};
    int value = co_await adder.add(Counted(4));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

TEST_P(SafeConstructs, a_function_pointer_and_a_std_function) {
  auto body = [this]() -> Coro<int> {
    std::function<Coro<int>(Counted)> function = [this](Counted counted) { return value_of(std::move(counted)); };
    int value = co_await function(Counted(7));
    co_return value;
  };
  EXPECT_EQ(run(body), 7);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutSuspension, SafeConstructs, ::testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "suspending" : "at_once"; });

}  // namespace
}  // namespace heed::test

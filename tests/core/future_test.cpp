// Futures: one-shot cells, their handles, who waits for them.
#include <gtest/gtest.h>

#include <memory>

#include "support/coroutines.hpp"
#include "support/counted.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Futures : public LoopTest {};

TEST_F(Futures, a_pending_future_has_no_result_and_no_exception) {
  Future<int> future = loop.create_future<int>();
  EXPECT_FALSE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_EQ(thrown<InvalidStateError>([&] { future.result(); }), "Result is not set.");
  EXPECT_EQ(thrown<InvalidStateError>([&] { future.exception(); }), "Exception is not set.");
}

TEST_F(Futures, a_result_can_be_read_any_number_of_times) {
  Future<int> future = loop.create_future<int>();
  future.set_result(3);
  EXPECT_TRUE(future.done());
  EXPECT_EQ(future.result(), 3);
  EXPECT_EQ(&future.result(), &future.result());
  EXPECT_EQ(future.exception(), nullptr);
}

TEST_F(Futures, a_result_cannot_be_set_twice) {
  Future<int> future = loop.create_future<int>();
  future.set_result(1);
  std::string error = thrown<InvalidStateError>([&] { future.set_result(2); });
  EXPECT_TRUE(contains(error, "set_result")) << error;
  error = thrown<InvalidStateError>([&] { future.set_exception(std::runtime_error("x")); });
  EXPECT_TRUE(contains(error, "set_exception")) << error;
  EXPECT_EQ(future.result(), 1);
}

TEST_F(Futures, nothing_can_be_set_after_a_cancel) {
  Future<int> future = loop.create_future<int>();
  EXPECT_TRUE(future.cancel());
  EXPECT_FALSE(future.cancel());
  EXPECT_THROW(future.set_result(1), InvalidStateError);
}

TEST_F(Futures, a_null_exception_is_refused) {
  Future<int> future = loop.create_future<int>();
  EXPECT_THROW(future.set_exception(std::exception_ptr()), std::invalid_argument);
  EXPECT_FALSE(future.done());
}

TEST_F(Futures, anything_can_be_set_as_an_exception) {
  Future<> number = loop.create_future<>();
  number.set_exception(42);
  EXPECT_EQ(describe(number.exception()), "int: 42");
  EXPECT_THROW(number.result(), int);
  Future<> error = loop.create_future<>();
  error.set_exception(std::make_exception_ptr(std::logic_error("pointer")));
  EXPECT_EQ(thrown<std::logic_error>([&] { error.result(); }), "pointer");
}

TEST_F(Futures, all_who_wait_get_the_same_exception_object) {
  Future<> future = loop.create_future<>();
  Task<> first = loop.create_task(waits_for(future));
  Task<> second = loop.create_task(waits_for(future));
  loop.turn();
  future.set_exception(std::runtime_error("shared"));
  loop.turn();
  EXPECT_EQ(first.exception(), second.exception());
  EXPECT_EQ(identity(first.exception()), identity(future.exception()));
}

TEST_F(Futures, waiters_continue_in_order_one_iteration_later) {
  Future<> future = loop.create_future<>();
  std::string order;
  auto waiter = [&](char name) -> Coro<> {
    co_await future;
    order += name;
  };
  for (char name : {'a', 'b', 'c'}) loop.create_task(waiter(name));
  loop.turn();
  future.set_result();
  loop.call_soon([&] { order += '|'; });
  EXPECT_EQ(order, "");
  loop.turn();
  EXPECT_EQ(order, "abc|");
}

TEST_F(Futures, awaiting_a_finished_one_does_not_suspend) {
  Future<int> future = loop.create_future<int>();
  future.set_result(1);
  bool turned = false;
  auto body = [&]() -> Coro<int> {
    loop.call_soon([&] { turned = true; });
    int value = co_await future;
    EXPECT_FALSE(turned);
    co_return value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 1);
}

TEST_F(Futures, awaiting_an_lvalue_gives_a_reference_to_the_value) {
  Future<std::string> future = loop.create_future<std::string>();
  future.set_result("value");
  auto body = [&]() -> Coro<> {
    std::string& value = co_await future;
    EXPECT_EQ(&value, &future.result());
  };
  loop.run_until_complete(body());
}

TEST_F(Futures, awaiting_the_last_handle_moves_the_value_out) {
  Future<Counted> future = loop.create_future<Counted>();
  future.set_result(5);
  auto body = [](Future<Counted> last) -> Coro<int> {
    Counted value = co_await std::move(last);
    co_return value.value;
  };
  EXPECT_EQ(loop.run_until_complete(body(std::move(future))), 5);
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(Futures, awaiting_an_rvalue_while_others_hold_it_copies_the_value) {
  Future<Counted> future = loop.create_future<Counted>();
  future.set_result(5);
  auto body = [&]() -> Coro<int> {
    Future<Counted> copy = future;
    Counted value = co_await std::move(copy);
    co_return value.value;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 5);
  EXPECT_EQ(future.result().value, 5);
}

TEST_F(Futures, an_empty_handle_says_so_whatever_is_called) {
  Future<int> empty;
  EXPECT_FALSE(empty.valid());
  EXPECT_FALSE(empty);
  std::string text = "the future handle is empty (default-constructed or moved from)";
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.done(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.cancelled(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.cancel(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.result(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.exception(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.set_result(1); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.set_exception(1); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.loop(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.is_task(); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.add_done_callback([] {}); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { empty.remove_done_callback(CallbackId(1)); }), text);
  EXPECT_EQ(thrown<InvalidStateError>([&] { loop.run_until_complete(empty); }), text);
}

TEST_F(Futures, awaiting_an_empty_handle_is_an_error) {
  auto body = []() -> Coro<int> {
    int errors = 0;
    Future<int> empty;
    try {
      co_await empty;
    } catch (const InvalidStateError&) {
      ++errors;
    }
    try {
      static_cast<void>(co_await as_result(empty));
    } catch (const InvalidStateError&) {
      ++errors;
    }
    try {
      co_await pass(empty);
    } catch (const InvalidStateError&) {
      ++errors;
    }
    co_return errors;
  };
  EXPECT_EQ(loop.run_until_complete(body()), 3);
}

TEST_F(Futures, awaiting_one_of_another_loop_is_an_error_that_names_the_task) {
  TestLoop other(time);
  Future<> foreign = other.create_future<>();
  Task<> task = loop.create_task(waits_for(foreign), named("stranger"));
  loop.turn();
  EXPECT_EQ(describe(task.exception()),
            "std::runtime_error: Task 'stranger' awaits a Future attached to a different loop");
  close_and_check(other);
}

TEST_F(Futures, as_result_and_pass_of_one_of_another_loop_are_errors_too) {
  TestLoop other(time);
  Future<> foreign = other.create_future<>();
  auto with_result = [&]() -> Coro<> { Outcome<void> outcome = co_await as_result(foreign); };
  auto with_pass = [&]() -> Coro<> { co_await pass(foreign); };
  EXPECT_THROW(loop.run_until_complete(with_result()), std::runtime_error);
  EXPECT_THROW(loop.run_until_complete(with_pass()), std::runtime_error);
  close_and_check(other);
}

TEST_F(Futures, a_waiter_that_was_cancelled_is_taken_off_the_list) {
  Task<int> slow = loop.create_task(returns(1));
  Future<> future = loop.create_future<>();
  auto stubborn = [&]() -> Coro<> {
    Outcome<void> outcome = co_await as_result(future);
    EXPECT_TRUE(outcome.cancelled());
  };
  Task<> task = loop.create_task(stubborn());
  loop.turn();
  task.cancel();
  EXPECT_TRUE(future.cancelled());
  loop.turn();
  EXPECT_TRUE(task.done());
}

TEST_F(Futures, handles_compare_by_what_they_share) {
  Future<> a = loop.create_future<>(), b = loop.create_future<>();
  Future<> copy = a;
  EXPECT_TRUE(copy == a);
  EXPECT_FALSE(a == b);
  EXPECT_FALSE(a.is_task());
  EXPECT_EQ(&a.loop(), &loop);
}

TEST_F(Futures, a_failed_construction_of_the_waiting_task_leaves_the_future_usable) {
  Future<> future = loop.create_future<>();
  {
    TestLoop closed(time);
    closed.close();
    EXPECT_THROW(closed.create_task(waits_for(future)), std::runtime_error);
  }
  future.set_result();
  loop.run_until_complete(waits_for(future));
}

}  // namespace
}  // namespace heed::test

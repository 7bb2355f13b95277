// The rules of the loop: iterations, order, stop, errors of use.
#include <gtest/gtest.h>

#include "support/coroutines.hpp"
#include "support/test_loop.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class Loop : public LoopTest {
 protected:
  std::string order;
};

TEST_F(Loop, callbacks_run_first_in_first_out) {
  for (char name : {'a', 'b', 'c'}) loop.call_soon([this, name] { order += name; });
  loop.turn();
  EXPECT_EQ(order, "abc");
}

TEST_F(Loop, an_iteration_runs_exactly_what_was_ready_at_its_start) {
  loop.call_soon([&] {
    order += 'a';
    loop.call_soon([&] { order += 'c'; });
  });
  loop.call_soon([&] { order += 'b'; });
  loop.turn();
  EXPECT_EQ(order, "ab");
  loop.turn();
  EXPECT_EQ(order, "abc");
}

TEST_F(Loop, stop_finishes_the_iteration_and_keeps_what_it_scheduled) {
  loop.call_soon([&] {
    loop.stop();
    loop.call_soon([&] { order += 'c'; });
  });
  loop.call_soon([&] { order += 'b'; });
  loop.run_forever();
  EXPECT_EQ(order, "b");
  loop.turn();
  EXPECT_EQ(order, "bc");
}

TEST_F(Loop, stop_before_run_forever_runs_exactly_one_iteration) {
  loop.call_soon([&] {
    order += 'a';
    loop.call_soon([&] { order += 'b'; });
  });
  loop.stop();
  loop.run_forever();
  EXPECT_EQ(order, "a");
  loop.turn();
}

TEST_F(Loop, timers_that_are_due_run_after_what_was_ready_in_order_of_their_deadlines) {
  loop.call_later(2s, [&] { order += 'c'; });
  loop.call_later(1s, [&] { order += 'b'; });
  time.advance(3s);
  loop.call_soon([&] { order += 'a'; });
  loop.turn(2);
  EXPECT_EQ(order, "abc");
}

TEST_F(Loop, timers_with_the_same_deadline_run_in_order_of_registration) {
  TimePoint when = loop.time() + 1s;
  for (char name = 'a'; name <= 'z'; ++name) loop.call_at(when, [this, name] { order += name; });
  loop.run_for(1s);
  EXPECT_EQ(order, "abcdefghijklmnopqrstuvwxyz");
}

TEST_F(Loop, a_timer_is_never_early) {
  TimePoint due = loop.time() + 1s, ran;
  loop.call_at(due, [&] { ran = loop.time(); });
  loop.run_for(5s);
  EXPECT_EQ(ran, due);
}

TEST_F(Loop, a_busy_ready_queue_does_not_starve_timers) {
  bool fired = false;
  loop.call_later(1s, [&] { fired = true; });
  time.advance(2s);
  std::function<void()> busy = [&] {
    if (!fired) loop.call_soon(busy);
  };
  loop.call_soon(busy);
  for (int i = 0; i < 1000 && !fired; ++i) loop.turn();
  EXPECT_TRUE(fired);
}

TEST_F(Loop, run_until_complete_returns_the_result) {
  EXPECT_EQ(loop.run_until_complete(returns(7)), 7);
  Future<int> future = loop.create_future<int>();
  loop.call_soon([&] { future.set_result(8); });
  EXPECT_EQ(loop.run_until_complete(future), 8);
  EXPECT_EQ(loop.run_until_complete(future), 8);  // done already
}

TEST_F(Loop, run_until_complete_of_a_cancelled_future_throws_cancelled_error) {
  Future<int> future = loop.create_future<int>();
  future.cancel("why");
  EXPECT_EQ(thrown<CancelledError>([&] { loop.run_until_complete(future); }), "why");
}

TEST_F(Loop, run_until_complete_that_is_stopped_first_says_so_and_leaves_the_task_pending) {
  Task<int> task = loop.create_task([]() -> Coro<int> {
    co_await sleep(1s);
    co_return 1;
  });
  loop.call_soon([&] { loop.stop(); });
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(task); }),
            "Event loop stopped before Future completed.");
  EXPECT_FALSE(task.done());
  EXPECT_EQ(loop.run_until_complete(task), 1);
}

TEST_F(Loop, run_until_complete_of_a_future_of_another_loop_is_refused) {
  TestLoop other(time);
  Future<> foreign = other.create_future<>();
  EXPECT_THROW(loop.run_until_complete(foreign), std::invalid_argument);
  close_and_check(other);
}

TEST_F(Loop, a_running_loop_cannot_be_run_again) {
  std::string forever, until;
  loop.call_soon([&] {
    forever = thrown<std::runtime_error>([&] { loop.run_forever(); });
    Future<> future = loop.create_future<>();
    until = thrown<std::runtime_error>([&] { loop.run_until_complete(future); });
  });
  loop.turn();
  EXPECT_EQ(forever, "This event loop is already running");
  EXPECT_EQ(until, "This event loop is already running");
}

TEST_F(Loop, a_second_loop_cannot_run_inside_a_running_one) {
  TestLoop other(time);
  std::string error;
  loop.call_soon([&] { error = thrown<std::runtime_error>([&] { other.run_forever(); }); });
  loop.call_soon([&] { EXPECT_EQ(&running_loop(), &loop); });  // the refused call changed nothing
  loop.turn();
  EXPECT_EQ(error, "Cannot run the event loop while another loop is running");
  other.turn();
  close_and_check(other);
}

TEST_F(Loop, two_loops_may_run_one_after_the_other) {
  TestLoop other(time);
  EXPECT_EQ(other.run_until_complete(returns(1)), 1);
  EXPECT_EQ(loop.run_until_complete(returns(2)), 2);
  close_and_check(other);
}

TEST_F(Loop, there_is_a_running_loop_while_one_runs_and_only_then) {
  EXPECT_EQ(thrown<std::runtime_error>([] { running_loop(); }), "no running event loop");
  EventLoop* seen = nullptr;
  bool running = false;
  loop.call_soon([&] {
    seen = &get_running_loop();
    running = loop.is_running();
  });
  loop.turn();
  EXPECT_EQ(seen, &loop);
  EXPECT_TRUE(running);
  EXPECT_FALSE(loop.is_running());
  EXPECT_EQ(thrown<std::runtime_error>([] { all_tasks(); }), "no running event loop");
}

TEST_F(Loop, a_poller_that_fails_is_heard_and_leaves_the_loop_usable) {
  time.fail_next_wait(std::make_exception_ptr(std::system_error(EINVAL, std::generic_category(), "epoll_wait")));
  EXPECT_THROW(loop.run_forever(), std::system_error);
  EXPECT_FALSE(loop.is_running());
  EXPECT_EQ(loop.run_until_complete(returns(1)), 1);
}

TEST_F(Loop, every_entry_point_of_a_closed_loop_says_that_it_is_closed) {
  Future<> done = loop.create_future<>();
  Future<> pending = loop.create_future<>();
  done.set_result();
  loop.close();
  std::string closed = "Event loop is closed";
  auto nothing = [] {};
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.call_soon(nothing); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.call_soon(nothing, Context()); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.call_later(1s, nothing); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.call_at(loop.time(), nothing); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.call_soon_threadsafe(nothing); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.create_task(returns(1)); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.create_task([] { return returns(1); }); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_forever(); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(returns(1)); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(pending); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.run_until_complete(done); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.add_reader(0, nothing); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.add_writer(0, nothing); }), closed);
  EXPECT_EQ(thrown<std::runtime_error>([&] { done.add_done_callback(nothing); }), closed);
  EXPECT_FALSE(loop.remove_reader(0));
  EXPECT_FALSE(loop.remove_writer(0));
  loop.stop();
  EXPECT_TRUE(loop.is_closed());
  EXPECT_FALSE(loop.is_running());
}

TEST_F(Loop, every_entry_point_refuses_a_null_function_and_names_itself) {
  using Plain = void (*)();
  Plain null = nullptr;
  std::function<void()> empty;
  Future<> future = loop.create_future<>();
  auto refused = [&](auto call, const std::string& operation) {
    std::string error = thrown<std::invalid_argument>(call);
    EXPECT_TRUE(contains(error, operation)) << error;
  };
  refused([&] { loop.call_soon(null); }, "call_soon");
  refused([&] { loop.call_soon(empty); }, "call_soon");
  refused([&] { loop.call_soon(null, Context()); }, "call_soon");
  refused([&] { loop.call_later(1s, null); }, "call_later");
  refused([&] { loop.call_later(1s, empty); }, "call_later");
  refused([&] { loop.call_at(loop.time(), empty); }, "call_at");
  refused([&] { loop.call_soon_threadsafe(null); }, "call_soon_threadsafe");
  refused([&] { loop.call_soon_threadsafe(empty); }, "call_soon_threadsafe");
  refused([&] { loop.add_reader(0, empty); }, "add_reader");
  refused([&] { loop.add_writer(0, null); }, "add_writer");
  refused([&] { future.add_done_callback(empty); }, "add_done_callback");
  refused([&] { future.add_done_callback(null); }, "add_done_callback");
  refused([&] { loop.create_task(std::function<Coro<int>()>()); }, "create_task");
  refused([&] { create_task(std::function<Coro<int>()>()); }, "create_task");
}

TEST_F(Loop, a_null_function_run_in_a_context_is_an_error_and_no_crash) {
  std::function<void()> empty;
  EXPECT_ANY_THROW(Context().run(empty));
  void (*null)() = nullptr;
  EXPECT_THROW(Context().run(null), std::invalid_argument);
}

TEST_F(Loop, a_task_factory_sees_every_task_before_it_starts_and_may_change_how) {
  std::vector<std::string> seen;
  loop.set_task_factory([&](EventLoop& at, TaskOptions& options) {
    EXPECT_EQ(&at, &loop);
    seen.push_back(options.name());
    if (options.name().empty()) options.set_name("made by the factory");
    if (options.name() == "now") options.set_eager(true);
  });
  Task<int> plain = loop.create_task(returns(1));
  Task<int> given = loop.create_task(returns(1), named("given"));
  EXPECT_EQ(plain.name(), "made by the factory");
  EXPECT_EQ(given.name(), "given");
  EXPECT_EQ(seen, (std::vector<std::string>{"", "given"}));
  loop.turn();
  loop.set_task_factory({});
  Task<int> after = loop.create_task(returns(1));
  EXPECT_EQ(seen.size(), 2u);
  loop.turn();
}

TEST_F(Loop, a_task_factory_that_throws_makes_no_task) {
  loop.set_task_factory([](EventLoop&, TaskOptions&) { throw std::runtime_error("factory"); });
  EXPECT_EQ(thrown<std::runtime_error>([&] { loop.create_task(returns(1)); }), "factory");
  EXPECT_TRUE(all_tasks(loop).empty());
  loop.turn();
}

}  // namespace
}  // namespace heed::test

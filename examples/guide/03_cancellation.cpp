// docs/guide/03-cancellation.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<> worker() {
  try {
    co_await heed::sleep(1h);
  } catch (const heed::CancelledError& error) {
    std::cout << "worker: " << error.what() << ", says " << error.reason()->by_name() << '\n';
    throw;
  }
}

Coro<> request_and_wait() {
  heed::Task<> task = heed::create_task(worker());
  co_await heed::yield_now();   // it begins
  task.cancel("closing time");  // a request: nothing has happened yet
  heed::Outcome<void> outcome = co_await heed::as_result(task);
  std::cout << "worker is " << (outcome.cancelled() ? "cancelled" : "not cancelled") << '\n';
}

Coro<> before_it_begins() {
  heed::Task<> task = heed::create_task(worker());
  task.cancel();
  heed::Outcome<void> outcome = co_await heed::as_result(task);
  std::cout << "never begun, and " << (outcome.cancelled() ? "cancelled" : "not cancelled") << '\n';
}

Coro<std::string> stubborn() {
  try {
    co_await heed::sleep(1h);
  } catch (const heed::CancelledError&) {
    std::cout << "refused, with " << heed::current_task().cancelling() << " request\n";
  }
  co_await heed::sleep(1ms);  // waits: one request, one CancelledError
  co_return "a value";
}

Coro<std::string> openly_stubborn() {
  try {
    co_await heed::sleep(1h);
  } catch (const heed::CancelledError&) {
    heed::current_task().uncancel();
    std::cout << "refused, with " << heed::current_task().cancelling() << " requests\n";
  }
  co_return "another value";
}

Coro<> swallowing() {
  heed::Task<std::string> first = heed::create_task(stubborn());
  heed::Task<std::string> second = heed::create_task(openly_stubborn());
  co_await heed::yield_now();
  first.cancel();
  second.cancel();
  std::string a = co_await first;
  std::string b = co_await second;
  std::cout << a << ", " << b << '\n';
}

Coro<std::string> read_config(bool there) {
  co_await heed::sleep(1ms);
  if (!there) throw std::runtime_error("no such file");
  co_return "colour = green";
}

Coro<std::string> config_or_default(bool there) {
  heed::Outcome<std::string> config = co_await heed::as_result(read_config(there));
  if (config.failed()) co_return "colour = grey";
  co_return std::move(config).value();  // throws what is left: a cancellation
}

Coro<std::size_t> config_size(bool there) {
  std::string config = co_await heed::pass(read_config(there));
  co_return config.size();
}

Coro<> without_exceptions() {
  std::string config = co_await config_or_default(false);
  heed::Outcome<std::size_t> size = co_await heed::as_result(config_size(false));
  std::cout << config << "; " << heed::describe(size.exception()) << '\n';
}

Coro<> helper() { co_await heed::sleep(1h); }

Coro<> ask(heed::Task<> task) {
  heed::Outcome<void> outcome = co_await heed::as_result(task);
  if (!outcome.cancelled()) co_return;
  bool mine = heed::current_task().cancelling() > 0;
  std::cout << (mine ? "I was cancelled, and the task with me\n" : "the task was cancelled, not I\n");
  if (mine) outcome.value();  // throws it on
}

Coro<> whose_cancellation() {
  heed::Task<> first = heed::create_task(helper());
  heed::Task<> asks_first = heed::create_task(ask(first));
  heed::Task<> second = heed::create_task(helper());
  heed::Task<> asks_second = heed::create_task(ask(second));
  co_await heed::yield_now();
  first.cancel();
  asks_second.cancel();
  std::vector both = {asks_first, asks_second};
  co_await heed::wait(both);
  std::cout << "asks_second is " << (asks_second.cancelled() ? "cancelled" : "not cancelled") << '\n';
}

Coro<> save_file() {
  co_await heed::sleep(20ms);
  std::cout << "saved\n";
}

Coro<> wait_for_the_file(heed::Task<> save) { co_await heed::shield(save); }

Coro<> keep_the_work() {
  heed::Task<> save = heed::create_task(save_file());
  heed::Task<> caller = heed::create_task(wait_for_the_file(save));
  co_await heed::yield_now();
  caller.cancel();
  co_await heed::wait(heed::ALL_COMPLETED, caller);
  std::cout << "the caller has gone\n";
  co_await save;
}

Coro<> write_to_the_end() {
  co_await heed::shielded(save_file());
  std::cout << "and now the request arrives\n";
  co_await heed::sleep(1h);
}

Coro<> keep_the_caller() {
  heed::Task<> caller = heed::create_task(write_to_the_end());
  co_await heed::yield_now();
  caller.cancel();
  heed::Outcome<void> outcome = co_await heed::as_result(caller);
  std::cout << (outcome.cancelled() ? "cancelled\n" : "not cancelled\n");
}

Coro<> does_not_want_to_go() {
  for (int i = 1;; ++i) {
    try {
      co_await heed::sleep(1h);
    } catch (const heed::CancelledError&) {
      std::cout << "told " << i << '\n';
      if (i == 3) throw;
    }
  }
}

Coro<> a_region() {
  heed::CancelScope scope(heed::ScopeOptions().deadline_in(10ms));
  bool complete = co_await scope.run(does_not_want_to_go());
  std::cout << (complete ? "complete" : "cut short") << ", " << heed::current_task().cancelling() << " requests\n";
}

Coro<> program() {
  heed::current_task().set_name("main");
  co_await request_and_wait();
  co_await before_it_begins();
  co_await swallowing();
  co_await without_exceptions();
  co_await whose_cancellation();
  co_await keep_the_work();
  co_await keep_the_caller();
  co_await a_region();
}

int main() { heed::run(program()); }

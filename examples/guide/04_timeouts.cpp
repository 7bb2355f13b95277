// docs/guide/04-timeouts.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<std::string> fetch(heed::Duration delay) {
  co_await heed::sleep(delay);
  co_return "a page";
}

Coro<> simple() {
  try {
    std::string page = co_await heed::timeout(10ms, fetch(1h));
    std::cout << page << '\n';
  } catch (const heed::TimeoutError& error) {
    std::cout << "too slow: " << error.what() << '\n';
  }
}

Coro<int> several_steps() {
  std::string first = co_await fetch(1ms);
  std::string second = co_await fetch(1h);
  co_return 2;
}

Coro<> one_limit() {
  heed::Outcome<int> pages = co_await heed::as_result(heed::timeout(50ms, several_steps()));
  std::cout << heed::describe(pages.exception()) << '\n';
}

Coro<> common_deadline() {
  heed::TimePoint deadline = heed::running_loop().time() + 200ms;
  std::string page = co_await heed::timeout_at(deadline, fetch(1ms));
  heed::Outcome<std::string> other = co_await heed::as_result(heed::timeout_at(deadline, fetch(1h)));
  std::cout << page << ", then " << (other.failed() ? "nothing" : other.value()) << '\n';
}

Coro<int> as_long_as_it_moves(heed::Timeout& timeout) {
  for (int packet = 1; packet <= 5; ++packet) {
    co_await heed::sleep(20ms);
    timeout.reschedule(heed::running_loop().time() + 1h);
  }
  co_return 5;
}

Coro<> moving_deadline() {
  int packets = co_await heed::timeout(10s, as_long_as_it_moves);
  std::cout << packets << " packets\n";
}

Coro<> clean_up() { co_await heed::sleep(50ms); }

Coro<std::string> slow_to_clean_up() { co_return co_await heed::finally(fetch(1h), heed::sleep(50ms)); }

Coro<> at_the_deadline() {
  heed::EventLoop& loop = heed::running_loop();
  heed::TimePoint start = loop.time();
  heed::Outcome<std::string> page = co_await heed::as_result(heed::timeout(10ms, slow_to_clean_up()));
  std::cout << heed::describe(page.exception()) << (loop.time() - start >= 60ms ? ", after the cleanup\n" : "\n");
}

Coro<std::string> swallows() {
  heed::Outcome<void> slept = co_await heed::as_result(heed::sleep(1h));
  co_return slept.cancelled() ? "swallowed" : "slept";
}

Coro<> swallowed() {
  heed::Outcome<std::string> by_timeout = co_await heed::as_result(heed::timeout(10ms, swallows()));
  heed::Outcome<std::string> by_wait_for = co_await heed::as_result(heed::wait_for(swallows(), 10ms));
  std::cout << "timeout: " << heed::describe(by_timeout.exception()) << '\n';
  std::cout << "wait_for: " << by_wait_for.value() << '\n';
}

Coro<> a_task_with_a_limit() {
  heed::Task<std::string> task = heed::create_task(fetch(1h));
  heed::Outcome<std::string> page = co_await heed::as_result(heed::wait_for(task, 10ms));
  std::cout << heed::describe(page.exception()) << ", task " << (task.cancelled() ? "cancelled\n" : "goes on\n");
}

Coro<> a_task_that_goes_on() {
  heed::Task<std::string> task = heed::create_task(fetch(200ms));
  heed::Outcome<std::string> page = co_await heed::as_result(heed::wait_for(heed::shield(task), 10ms));
  std::cout << heed::describe(page.exception()) << ", task " << (task.done() ? "done\n" : "goes on\n");
  page = co_await heed::as_result(task);
  std::cout << page.value() << '\n';
}

Coro<std::string> with_second_source() {
  heed::Outcome<std::string> page = co_await heed::as_result(heed::timeout(10ms, fetch(1h)));
  if (page.has_value()) co_return std::move(page).value();
  std::cout << "the inner one has expired\n";
  co_return co_await fetch(1h);
}

Coro<> nested() {
  heed::Outcome<std::string> page = co_await heed::as_result(heed::timeout(200ms, with_second_source()));
  std::cout << "and the outer one: " << heed::describe(page.exception()) << '\n';
}

Coro<> limited() { co_await heed::timeout(1h, fetch(1h)); }

Coro<> cancel_from_outside() {
  heed::Task<> task = heed::create_task(limited());
  co_await heed::yield_now();
  task.cancel();
  heed::Outcome<void> outcome = co_await heed::as_result(task);
  std::cout << (outcome.cancelled() ? "cancelled, not timed out\n" : "timed out\n");
}

Coro<> program() {
  co_await simple();
  co_await one_limit();
  co_await common_deadline();
  co_await moving_deadline();
  co_await at_the_deadline();
  co_await swallowed();
  co_await a_task_with_a_limit();
  co_await a_task_that_goes_on();
  co_await nested();
  co_await cancel_from_outside();
}

int main() { heed::run(program()); }

// docs/guide/06-waiting.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<int> square(int number, heed::Duration delay) {
  co_await heed::sleep(delay);
  if (number < 0) throw std::domain_error(std::to_string(number) + " is negative");
  co_return number* number;
}

Coro<> all_of_them() {
  auto [four, nine] = co_await heed::gather(square(2, 20ms), square(3, 10ms));
  std::cout << four << ", " << nine << '\n';

  std::vector<Coro<int>> many;
  for (int number = 1; number <= 4; ++number) many.push_back(square(number, 10ms));
  std::vector<int> squares = co_await heed::gather(std::move(many));
  std::cout << squares.size() << " squares, the last is " << squares.back() << '\n';
}

Coro<> first_failure() {
  heed::Task<int> slow = heed::create_task(square(4, 1h));
  try {
    co_await heed::gather(slow, square(-1, 10ms));
  } catch (const std::domain_error& error) {
    std::cout << error.what() << ", and the other one " << (slow.done() ? "is done" : "goes on") << '\n';
  }
  slow.cancel();
}

void show(heed::EventLoop&, const heed::ErrorContext& context) {
  std::cout << "reported: " << heed::describe(context.exception) << '\n';
}

Coro<> second_failure() {
  heed::running_loop().set_exception_handler(show);
  try {
    co_await heed::gather(square(-1, 10ms), square(-2, 100ms));
  } catch (const std::domain_error& error) {
    std::cout << "caught: " << error.what() << '\n';
  }
  co_await heed::sleep(150ms);
}

Coro<> every_outcome() {
  auto [good, bad] = co_await heed::try_gather(square(5, 10ms), square(-5, 10ms));
  std::cout << good.value() << ", " << heed::describe(bad.exception()) << '\n';
}

Coro<> all_or_nothing() {
  heed::Task<int> slow = heed::create_task(square(6, 1h));
  try {
    co_await heed::gather(heed::cancel_rest, slow, square(-6, 10ms));
  } catch (const heed::ExceptionGroup& failure) {
    std::cout << failure.what() << ", the other one is " << (slow.cancelled() ? "cancelled\n" : "not cancelled\n");
  }
}

Coro<> who_is_done() {
  std::vector tasks = {heed::create_task(square(7, 10ms)), heed::create_task(square(-7, 10ms)),
                       heed::create_task(square(8, 1h))};
  auto [done, pending] = co_await heed::wait(tasks, 200ms);
  std::cout << done.size() << " done, " << pending.size() << " pending\n";
  for (heed::Task<int>& task : done) {
    heed::Outcome<int> outcome = co_await heed::as_result(task);
    std::cout << (outcome ? std::to_string(outcome.value()) : heed::describe(outcome.exception())) << '\n';
  }
  for (heed::Task<int>& task : pending) task.cancel();
}

Coro<> the_first() {
  std::vector tasks = {heed::create_task(square(9, 1h)), heed::create_task(square(10, 10ms))};
  auto [done, pending] = co_await heed::wait(tasks, heed::FIRST_COMPLETED);
  std::cout << "first: " << done.at(0).result() << '\n';
  for (heed::Task<int>& task : pending) task.cancel();
}

Coro<> as_they_come() {
  std::vector<Coro<int>> many;
  for (int number = 3; number >= 1; --number) many.push_back(square(number, number * 10ms));
  for (Coro<int> next : heed::as_completed(std::move(many))) {
    int value = co_await std::move(next);
    std::cout << "got " << value << '\n';
  }
}

Coro<> as_they_come_with_names() {
  std::vector tasks = {heed::create_task(square(2, 20ms), heed::named("two")),
                       heed::create_task(square(-1, 10ms), heed::named("minus one"))};
  auto completed = heed::as_completed(tasks);
  for (;;) {
    heed::Task<int> task = co_await completed.next();
    if (!task) break;
    heed::Outcome<int> outcome = co_await heed::as_result(task);
    std::cout << task.name() << (outcome ? " is done\n" : " failed\n");
  }
}

Coro<std::string> connect(std::string host, heed::Duration delay) {
  co_await heed::sleep(delay);
  if (host == "closed") throw std::runtime_error("connection refused");
  co_return host;
}

Coro<> fastest() {
  auto result = co_await heed::staggered_race(
      20ms, [] { return connect("slow", 1h); }, [] { return connect("closed", 1ms); },
      [] { return connect("fast", 1ms); });
  std::cout << "number " << result.index << " wins: " << result.value << '\n';
}

heed::AsyncGenerator<int> countdown(int from) {
  for (; from > 0; --from) {
    co_await heed::sleep(1ms);
    co_yield from;
  }
}

Coro<> many_values() {
  heed::AsyncGenerator<int> numbers = countdown(3);
  for (;;) {
    auto number = co_await numbers.next();
    if (!number) break;
    std::cout << *number << ' ';
  }
  co_await heed::for_each(countdown(2), [](int number) { std::cout << "(" << number << ") "; });

  heed::AsyncGenerator<int> others = countdown(100);
  auto first = co_await heed::timeout(1s, others.next());
  std::cout << *first << '\n';
  co_await others.aclose();
}

Coro<> program() {
  co_await all_of_them();
  co_await first_failure();
  co_await second_failure();
  co_await every_outcome();
  co_await all_or_nothing();
  co_await who_is_done();
  co_await the_first();
  co_await as_they_come();
  co_await as_they_come_with_names();
  co_await fastest();
  co_await many_values();
}

int main() { heed::run(program()); }

// docs/guide/02-tasks-and-failures.md
#include <iostream>

#include "heed/heed.hpp"
#include "show.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<int> divide(int a, int b) {
  co_await heed::yield_now();
  if (b == 0) throw std::domain_error("division of " + std::to_string(a) + " by zero");
  co_return a / b;
}

Coro<int> percentage(int part, int whole) {
  int result = co_await divide(100 * part, whole);
  co_return result;
}

Coro<> a_task() {
  heed::Task<int> task = heed::create_task(percentage(1, 4), heed::named("quarter"));
  std::cout << task.name() << (task.done() ? " is done\n" : " has not begun\n");
  int& result = co_await task;  // a reference to the value in the task
  int again = co_await task;    // any number of times, from anywhere
  std::cout << result << " = " << again << '\n';
}

Coro<> retrieved() {
  heed::Task<int> task = heed::create_task(percentage(1, 0));
  try {
    co_await task;
  } catch (const std::domain_error& error) {
    std::cout << "caught: " << error.what() << '\n';
  }
}

Coro<> reported() {
  heed::create_task(percentage(2, 0), heed::named("nobody's"));
  co_await heed::sleep(10ms);
  std::cout << "and everything else goes on\n";
}

Coro<> held() {
  heed::running_loop().set_unretrieved_grace(10ms);
  heed::Task<int> task = heed::create_task(percentage(3, 0), heed::named("held"));
  co_await heed::sleep(200ms);
  heed::Outcome<int> outcome = co_await heed::as_result(task);
  std::cout << "read after all: " << heed::describe(outcome.exception()) << '\n';
}

Coro<int> mean_of_nothing() {
  try {
    co_return co_await divide(4, 0);
  } catch (const std::domain_error&) {
    heed::add_note("while computing a mean");
    throw;
  }
}

void count_failures(heed::EventLoop& loop, const heed::ErrorContext& context) {
  std::cout << context.message << "\n  " << heed::describe(context.exception) << '\n';
  if (context.record) std::cout << "  note: " << context.record->notes.at(0) << '\n';
  std::cout << "  " << loop.failures().failures().raised << " failures until now\n";
}

Coro<> handled() {
  heed::running_loop().set_exception_handler(count_failures);
  heed::create_task(mean_of_nothing());
  co_await heed::sleep(10ms);
}

Coro<> program() {
  co_await a_task();
  co_await retrieved();
  co_await reported();
  co_await held();
  co_await handled();
  std::cout << heed::running_loop().failures().summary() << '\n';
}

int main() {
  show_reports();
  heed::run(program());
}

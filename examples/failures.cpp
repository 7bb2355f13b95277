// What becomes of exceptions: awaited, taken as a result, passed on, grouped, or reported when nobody is coming.
#include <cstdio>

#include "heed/heed.hpp"

using heed::Coro;

Coro<int> divide(int a, int b) {
  co_await heed::yield_now();
  if (b == 0) throw std::domain_error("division of " + std::to_string(a) + " by zero");
  co_return a / b;
}

// pass() hands a failure on to whoever awaits this coroutine; it is not thrown again at each level.
Coro<int> percentage(int part, int whole) {
  int value = co_await heed::pass(divide(100 * part, whole));
  co_return value;
}

// What the loop calls for a failure that nobody can ask for any more. Without a handler it is written to stderr.
void report(heed::EventLoop&, const heed::ErrorContext& context) {
  std::printf("report: %s: %s\n", context.message.c_str(), heed::describe(context.exception).c_str());
  std::printf("  of task '%s'\n", context.record->task_name.c_str());
  for (const heed::AwaitSite& site : context.record->await_chain.sites)
    std::printf("  awaiting in line %u\n", static_cast<unsigned>(site.line()));
}

Coro<> all_of_it() {
  heed::running_loop().set_exception_handler(report);

  // An exception comes out of the await, as from any function call.
  try {
    co_await percentage(1, 0);
  } catch (const std::domain_error& error) {
    std::printf("caught: %s\n", error.what());
  }

  // As a result it is not thrown at all.
  heed::Outcome<int> outcome = co_await heed::as_result(percentage(2, 0));
  std::printf("as a result: %s\n", heed::describe(outcome.exception()).c_str());

  // Nobody has a handle to this task, so its failure is reported when it ends.
  heed::create_task(percentage(3, 0), heed::named("dropped"));
  for (int i = 0; i < 3; ++i) co_await heed::yield_now();

  // Several failures together are one exception: a group.
  auto outcomes = co_await heed::gather(heed::return_exceptions, divide(4, 0), divide(4, 2), divide(5, 0));
  throw heed::ExceptionGroup("two divisions failed",
                             {std::get<0>(outcomes).exception(), std::get<2>(outcomes).exception()});
}

int main() {
  try {
    heed::run(all_of_it());
  } catch (const heed::ExceptionGroup&) {
    for (const std::string& line : heed::format_tree(std::current_exception())) std::puts(line.c_str());
  }
}

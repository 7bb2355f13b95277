// docs/guide/coming-from-asyncio.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<std::string> fetch(std::string url) {
  co_await heed::sleep(10ms);
  if (url.empty()) throw std::invalid_argument("no url");
  co_return "page of " + url;
}

heed::Lock lock;

Coro<> async_with() {
  auto guard = co_await lock.scoped();
  std::cout << (lock.locked() ? "locked\n" : "free\n");
}

heed::AsyncGenerator<std::string> pages() {
  for (std::string url : {"one", "two"}) co_yield co_await fetch(url);
}

Coro<> async_for() {
  auto generator = pages();
  for (;;) {
    auto page = co_await generator.next();
    if (!page) break;
    std::cout << *page << '\n';
  }
}

Coro<> goodbye() {
  co_await heed::sleep(1ms);
  std::cout << "goodbye\n";
}

Coro<std::string> try_finally() { co_return co_await heed::finally(fetch("a"), goodbye); }

Coro<std::string> try_except() {
  co_return co_await heed::on_error(fetch(""), [](const std::invalid_argument&) -> Coro<std::string> {
    co_await goodbye();
    co_return "a default";
  });
}

Coro<> create_task() {
  auto task = heed::create_task(fetch("b"), heed::named("fetcher"));
  task.add_done_callback([](heed::Task<std::string> done) { std::cout << done.name() << " is done\n"; });
  std::string& page = co_await task;
  std::cout << page << '\n';
}

Coro<> gather() {
  auto [first, second] = co_await heed::gather(fetch("c"), fetch("d"));
  auto outcomes = co_await heed::gather(heed::return_exceptions, fetch("e"), fetch(""));
  std::cout << first << ", " << second << ", " << std::get<0>(outcomes).value() << ", "
            << heed::describe(std::get<1>(outcomes).exception()) << '\n';
}

Coro<std::size_t> task_group() {
  co_return co_await heed::task_group([](heed::TaskGroup& group) -> Coro<std::size_t> {
    auto first = group.create_task(fetch("f"));
    auto second = group.create_task(fetch("g"));
    std::string& page = co_await first;
    std::string& other = co_await second;
    co_return page.size() + other.size();
  });
}

Coro<> except_star() {
  auto outcome = co_await heed::as_result(heed::gather(heed::cancel_rest, fetch(""), fetch("h")));
  heed::match(
      outcome.exception(),  //
      [](const std::invalid_argument& error) { std::cout << "bad argument: " << error.what() << '\n'; },
      [](const std::system_error& error) { std::cout << "system: " << error.what() << '\n'; });
}

Coro<> timeout() {
  try {
    std::string page = co_await heed::timeout(1s, fetch("i"));
    std::cout << page << '\n';
  } catch (const heed::TimeoutError&) {
    std::cout << "too late\n";
  }
}

Coro<> worker(heed::Queue<int>& queue, int& sum) {
  for (;;) {
    int item = co_await queue.get();
    sum += item;
    queue.task_done();
  }
}

Coro<> queue() {
  heed::Queue<int> items;
  int sum = 0;
  auto task = heed::create_task(worker(items, sum));
  for (int i = 1; i <= 3; ++i) co_await items.put(i);
  co_await items.join();
  task.cancel();
  std::cout << "sum " << sum << '\n';
}

heed::ContextVar<std::string> user("user", "nobody");

Coro<> context() {
  user.set("ann");
  auto child = [] { std::cout << "for " << user.get() << '\n'; };
  heed::running_loop().call_soon(child);
  co_await heed::yield_now();
}

Coro<> program() {
  co_await async_with();
  co_await async_for();
  std::string page = co_await try_finally();
  std::string other = co_await try_except();
  std::cout << page << ", " << other << '\n';
  co_await create_task();
  co_await gather();
  std::size_t size = co_await task_group();
  std::cout << size << '\n';
  co_await except_star();
  co_await timeout();
  co_await queue();
  co_await context();
}

int main() { heed::run(program()); }

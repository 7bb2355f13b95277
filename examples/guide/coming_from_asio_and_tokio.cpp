// docs/guide/coming-from-asio-and-tokio.md
#include <iostream>
#include <variant>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<std::string> fetch(std::string url, heed::Duration delay) {
  co_await heed::sleep(delay);
  if (url.empty()) throw std::invalid_argument("no url");
  co_return "page of " + url;
}

Coro<> spawn_and_abort() {
  heed::Task<std::string> task = heed::create_task(fetch("a", 1h));  // dropped: it goes on
  co_await heed::yield_now();
  task.cancel("no longer needed");
  heed::Outcome<std::string> outcome = co_await heed::as_result(task);
  std::cout << (outcome.cancelled() ? "cancelled\n" : "done\n");
}

Coro<> first_of_two() {
  auto page = heed::create_task(fetch("b", 1h));
  auto tick = heed::create_task(heed::sleep(10ms));
  co_await heed::wait(heed::FIRST_COMPLETED, page, tick);
  std::cout << (page.done() ? page.result() : "nothing yet") << '\n';
  page.cancel();
  tick.cancel();
}

using Message = std::variant<std::string, int>;

Coro<> race() {
  heed::Queue<int> numbers;
  numbers.put_nowait(7);
  auto page = []() -> Coro<Message> { co_return co_await fetch("c", 1h); };
  auto number = [&]() -> Coro<Message> { co_return co_await numbers.get(); };
  auto first = co_await heed::staggered_race(0s, page, number);
  std::cout << "branch " << first.index << " has won\n";
}

Coro<> join_set() {
  std::vector<heed::Task<std::string>> tasks;
  for (std::string url : {"d", "", "e"}) tasks.push_back(heed::create_task(fetch(url, 10ms)));
  auto completed = heed::as_completed(tasks);
  for (;;) {
    auto task = co_await completed.next();
    if (!task) break;
    auto page = co_await heed::as_result(task);
    std::cout << (page ? page.value() : heed::describe(page.exception())) << '\n';
  }
}

Coro<> send_all(heed::Queue<std::string>& channel) {
  for (std::string text : {"f", "g"}) co_await channel.put(text);
  channel.shutdown();
}

Coro<> receive_all(heed::Queue<std::string>& channel) {
  for (;;) {
    auto text = co_await channel.next();
    if (!text) break;
    std::cout << *text << '\n';
  }
}

Coro<> channel() {
  heed::Queue<std::string> messages(1);
  co_await heed::gather(send_all(messages), receive_all(messages));
}

Coro<> work_until_told(heed::Event& stop) {
  for (int step = 1; !stop.is_set(); ++step) {
    co_await heed::sleep(5ms);
    if (step == 2) stop.set();
  }
  std::cout << "told to stop\n";
}

Coro<> token() {
  heed::Event stop;
  co_await work_until_told(stop);

  heed::CancelScope scope;
  heed::running_loop().call_later(5ms, [&] { scope.cancel("enough"); });
  auto page = co_await scope.run(fetch("h", 1h));
  std::cout << (page ? *page : "cut short") << '\n';
}

Coro<> program() {
  co_await spawn_and_abort();
  co_await first_of_two();
  co_await race();
  co_await join_set();
  co_await channel();
  co_await token();
}

int main() { heed::run(program()); }

// docs/guide/10-pitfalls.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<bool> connect() {
  co_await heed::sleep(1ms);
  co_return true;
}

Coro<> condition() {
  bool connected = co_await connect();
  if (connected) std::cout << "connected\n";
}

Coro<> named_lambda(std::string name) {
  auto greet = [name]() -> Coro<> {
    co_await heed::sleep(1ms);
    std::cout << "hello " << name << '\n';
  };
  co_await heed::timeout(1s, greet);
}

Coro<> list_of_tasks() {
  heed::Task<> first = heed::create_task(named_lambda("first"));
  heed::Task<> second = heed::create_task(named_lambda("second"));
  std::vector both = {first, second};
  co_await heed::wait(both);
}

Coro<> task_of_a_lambda(std::string name) {
  auto greet = [name]() -> Coro<> {
    co_await heed::sleep(1ms);
    std::cout << "goodbye " << name << '\n';
  };
  heed::Task<> kept = heed::create_task(greet);  // the lambda itself: the task keeps a copy
  co_await kept;
}

Coro<std::size_t> size_of(std::string text) {  // by value: the coroutine has its own
  co_await heed::sleep(1ms);
  co_return text.size();
}

Coro<> parameters() {
  heed::Task<std::size_t> task = heed::create_task(size_of("a temporary"));
  std::size_t& size = co_await task;
  std::cout << size << " characters\n";
}

Coro<> patient() {
  try {
    co_await heed::sleep(1h);
  } catch (const std::exception&) {
    std::cout << "an error\n";  // a cancellation does not come here
  }
}

Coro<> catching() {
  heed::Task<> task = heed::create_task(patient());
  co_await heed::yield_now();
  task.cancel();
  heed::Outcome<void> outcome = co_await heed::as_result(task);
  std::cout << (outcome.cancelled() ? "cancelled\n" : "not cancelled\n");
}

class Prices {
 public:
  Coro<> fill() {
    co_await heed::sleep(1ms);
    prices_.push_back(1);
    prices_.push_back(2);
  }
  Coro<int> sum() {
    int result = 0;
    std::vector<int> prices = prices_;  // others may change prices_ while this coroutine waits
    for (int price : prices) {
      co_await heed::yield_now();
      result += price;
    }
    co_return result;
  }

 private:
  std::vector<int> prices_;
};

Coro<> shared_state() {
  Prices prices;
  co_await prices.fill();
  heed::Task<int> sum = heed::create_task(prices.sum());
  co_await heed::yield_now();
  co_await prices.fill();
  int& result = co_await sum;
  std::cout << "the sum is " << result << '\n';
}

Coro<> program() {
  co_await condition();
  co_await named_lambda("you");
  co_await list_of_tasks();
  co_await task_of_a_lambda("you");
  co_await parameters();
  co_await catching();
  co_await shared_state();
}

int main() { heed::run(program()); }

// docs/guide/05-groups.md
#include <iostream>
#include <map>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<int> price(std::string name, heed::Duration delay) {
  co_await heed::sleep(delay);
  if (name == "unicorn") throw std::out_of_range("there is no " + name);
  if (name == "dragon") throw std::domain_error("a " + name + " is not for sale");
  co_return static_cast<int>(name.size());
}

Coro<int> shopping() {
  co_return co_await heed::task_group([](heed::TaskGroup& group) -> Coro<int> {
    heed::Task<int> apple = group.create_task(price("apple", 20ms));
    heed::Task<int> pear = group.create_task(price("pear", 10ms));
    int first = co_await pear;
    co_return first + co_await apple;
  });
}

Coro<> fetch_all(std::vector<std::string> names, std::map<std::string, int>& prices) {
  co_await heed::task_group([&](heed::TaskGroup& group) -> Coro<> {
    for (const std::string& name : names) {
      group.spawn([&prices](std::string key) -> Coro<> { prices[key] = co_await price(key, 10ms); }, name);
    }
    co_return;
  });
}

Coro<> many() {
  std::vector<std::string> names = {"plum", "cherry", "fig"};
  std::map<std::string, int> prices;
  co_await fetch_all(names, prices);
  for (const auto& [name, value] : prices) std::cout << name << ": " << value << '\n';
}

Coro<int> patient() {
  try {
    co_return co_await price("apple", 1h);
  } catch (const heed::CancelledError& error) {
    std::cout << "apple: cancelled by " << to_string(error.reason()->source) << '\n';
    throw;
  }
}

Coro<> one_fails() {
  try {
    co_await heed::task_group([](heed::TaskGroup& group) -> Coro<> {
      group.create_task(patient());
      group.create_task(price("unicorn", 10ms));
      co_await heed::sleep(1h);
    });
  } catch (const heed::ExceptionGroup& failure) {
    std::cout << failure.what() << ": " << heed::describe(failure.exceptions().at(0)) << '\n';
  }
}

Coro<> two_fail_in_the_same_moment(heed::TaskGroup& group) {
  group.create_task(price("unicorn", 0ms));
  group.create_task(price("dragon", 0ms));
  co_return;
}

Coro<> two_fail() {
  auto outcome = co_await heed::as_result(heed::task_group(two_fail_in_the_same_moment));
  heed::match(
      outcome.exception(),  //
      [](const std::out_of_range& error) { std::cout << "unknown: " << error.what() << '\n'; },
      [](const std::domain_error& error) { std::cout << "refused: " << error.what() << '\n'; });
}

Coro<> only_some() {
  auto outcome = co_await heed::as_result(heed::task_group(two_fail_in_the_same_moment));
  try {
    heed::match(outcome.exception(), [](const std::out_of_range&) { std::cout << "the unicorn is dealt with\n"; });
  } catch (const heed::ExceptionGroup& rest) {
    for (const std::string& line : heed::format_tree(std::current_exception())) std::cout << line << '\n';
  }
}

Coro<> one_thing(heed::TaskGroup& group) {
  group.create_task(price("dragon", 10ms));
  co_return;
}

Coro<> as_one_exception() {
  auto outcome = co_await heed::as_result(heed::task_group(one_thing));
  try {
    std::rethrow_exception(heed::only(outcome.exception()));
  } catch (const std::domain_error& error) {
    std::cout << "not a group: " << error.what() << '\n';
  }
}

Coro<> look_until_found(heed::TaskGroup& group, int key, int& found) {
  co_await heed::sleep((key - 1) * 1h);
  found = key;
  group.cancel("found");
}

Coro<> first_wins() {
  int found = 0;
  co_await heed::task_group([&](heed::TaskGroup& group) -> Coro<> {
    for (int key = 1; key <= 3; ++key) group.create_task(look_until_found(group, key, found));
    co_return;
  });
  std::cout << "found by " << found << '\n';
}

class Service {
 public:
  void start(int number) { tasks_.create_task(job(number)); }
  Coro<> stop() { co_await tasks_.join(); }

 private:
  static Coro<> job(int number) {
    co_await heed::sleep(number * 10ms);
    std::cout << "job " << number << " is done\n";
  }
  heed::TaskGroup tasks_;
};

Coro<> a_service() {
  Service service;
  service.start(2);
  service.start(1);
  co_await service.stop();
}

Coro<> program() {
  int sum = co_await shopping();
  std::cout << "the sum is " << sum << '\n';
  co_await many();
  co_await one_fails();
  co_await two_fail();
  co_await only_some();
  co_await as_one_exception();
  co_await first_wins();
  co_await a_service();
}

int main() { heed::run(program()); }

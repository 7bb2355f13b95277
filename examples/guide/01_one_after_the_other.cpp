// docs/guide/01-first-program.md: laziness, one after the other, at once, errors.
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<std::string> fetch(std::string name, heed::Duration delay) {
  std::cout << name << " begins\n";
  co_await heed::sleep(delay);
  std::cout << name << " ends\n";
  co_return "the page of " + name;
}

Coro<> lazy() {
  Coro<std::string> later = fetch("later", 1ms);
  std::cout << "nothing has run yet\n";
  std::string page = co_await std::move(later);
  std::cout << page << '\n';
}

Coro<> one_after_the_other() {
  std::string first = co_await fetch("slow", 30ms);
  std::string second = co_await fetch("fast", 10ms);
  std::cout << first << ", " << second << '\n';
}

Coro<> at_once() {
  auto [first, second] = co_await heed::gather(fetch("slow", 30ms), fetch("fast", 10ms));
  std::cout << first << ", " << second << '\n';
}

Coro<> fail() {
  co_await heed::sleep(1ms);
  throw std::runtime_error("no network");
}

int main() {
  heed::run(lazy());
  heed::run(one_after_the_other());
  heed::run(at_once());
  try {
    heed::run(fail());
  } catch (const std::runtime_error& error) {
    std::cout << "main() catches: " << error.what() << '\n';
  }
}

// docs/guide/01-first-program.md: the whole program.
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<std::string> fetch(std::string name, heed::Duration delay) {
  co_await heed::sleep(delay);
  co_return "the page of " + name;
}

Coro<int> program() {
  std::string page = co_await fetch("one", 10ms);
  std::cout << page << '\n';
  co_return 0;
}

int main() { return heed::run(program()); }

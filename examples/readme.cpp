// The program at the top of the README.
#include "heed/heed.hpp"

using namespace std::chrono_literals;

heed::Coro<std::string> fetch(std::string name, heed::Duration delay) {
  co_await heed::sleep(delay);
  co_return "the page of " + name;
}

heed::Coro<std::size_t> browse() {
  std::string page = co_await fetch("one", 1ms);                                 // as a part of this task
  auto task = heed::create_task(fetch("two", 90ms), heed::named("background"));  // as a task of its own
  auto [slow, fast] = co_await heed::gather(fetch("three", 60ms), fetch("four", 30ms));
  std::string& other = co_await task;
  co_return page.size() + other.size() + slow.size() + fast.size();
}

int main() { return heed::run(browse()) == 63 ? 0 : 1; }

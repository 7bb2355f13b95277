// The first program: coroutines, tasks, and waiting for several at once.
#include <cstdio>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

// A coroutine is lazy: it runs when it is awaited, or as a task of its own.
Coro<std::string> fetch(std::string name, heed::Duration delay) {
  std::printf("%s: started\n", name.c_str());
  co_await heed::sleep(delay);
  std::printf("%s: done\n", name.c_str());
  co_return "the page of " + name;
}

Coro<int> hello() {
  std::puts("Hello ...");
  co_await heed::sleep(10ms);
  std::puts("... world!");

  // Awaited here, as a part of this task.
  std::string page = co_await fetch("one", 1ms);
  std::puts(page.c_str());

  // A task runs on its own while this one goes on; it can be awaited later, by anybody.
  heed::Task<std::string> task = heed::create_task(fetch("background", 90ms), heed::named("background"));

  // Several at once: they become tasks, and their results come in the order of the arguments.
  auto pages = co_await heed::gather(fetch("slow", 60ms), fetch("fast", 30ms));
  std::printf("%s, %s\n", std::get<0>(pages).c_str(), std::get<1>(pages).c_str());

  std::string& result = co_await task;
  std::printf("task '%s' has %s\n", task.name().c_str(), result.c_str());
  co_return 4;
}

// Makes an event loop, runs the coroutine in it, and gives its result or throws its exception.
int main() {
  int pages = heed::run(hello());
  std::printf("%d pages\n", pages);
}

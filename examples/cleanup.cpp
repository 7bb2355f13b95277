// Awaiting on the way out: cleanups, handlers and generators.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "heed/heed.hpp"

using namespace std::chrono_literals;

namespace {

struct Connection {
  std::string name;
};

heed::Coro<Connection> connect(std::string name) {
  co_await heed::sleep(1ms);
  std::printf("%s: open\n", name.c_str());
  co_return Connection{name};
}

heed::Coro<> disconnect(Connection& connection) {
  co_await heed::sleep(1ms);
  std::printf("%s: closed\n", connection.name.c_str());
}

// A resource that has to be awaited, to get it and to give it back.
heed::Coro<int> ask(std::string name, int answer) {
  auto work = [answer](Connection& connection) -> heed::Coro<int> {
    co_await heed::sleep(1ms);
    if (answer < 0) throw std::runtime_error(connection.name + " is confused");
    co_return answer;
  };
  co_return co_await heed::with(connect(name), work, disconnect);
}

// A handler that takes time.
heed::Coro<int> ask_twice(std::string name) {
  auto again = [name](const std::runtime_error& error) -> heed::Coro<int> {
    std::printf("%s; once more\n", error.what());
    co_await heed::sleep(1ms);
    co_return co_await ask(name, 7);
  };
  co_return co_await heed::on_error(ask(name, -1), again);
}

// A generator that cleans up when it is closed before its end.
heed::AsyncGenerator<int> ticks() {
  std::exception_ptr stopped;
  try {
    for (int i = 1;; ++i) {
      co_await heed::sleep(1ms);
      co_yield i;
    }
  } catch (const heed::GeneratorExit&) {
    stopped = std::current_exception();
  }
  co_await heed::sleep(1ms);
  std::printf("no more ticks\n");
  std::rethrow_exception(stopped);
}

heed::Coro<> count_to(int last) {
  heed::AsyncGenerator<int> generator = ticks();
  for (;;) {
    auto tick = co_await generator.next();
    if (!tick || *tick > last) break;
    std::printf("tick %d\n", *tick);
  }
  co_await generator.aclose();
}

heed::Coro<int> later(heed::Duration delay, int value) {
  co_await heed::sleep(delay);
  if (value < 0) throw std::runtime_error("a negative value");
  co_return value;
}

heed::Coro<> first_come() {
  for (heed::Coro<int> next : heed::as_completed(later(30ms, 3), later(1ms, 1))) {
    int value = co_await std::move(next);
    std::printf("got %d\n", value);
  }
}

// All or nothing; of the failures each gets its handler, what is left would go on.
heed::Coro<> all_or_nothing() {
  auto outcome = co_await heed::as_result(heed::gather(heed::cancel_rest, later(1ms, -1), later(1h, 1)));
  heed::match(outcome.exception(), [](const std::runtime_error& error) { std::printf("failed: %s\n", error.what()); });
}

heed::Coro<> program() {
  int answer = co_await ask_twice("oracle");
  std::printf("the answer is %d\n", answer);
  co_await count_to(2);
  co_await first_come();
  co_await all_or_nothing();
}

}  // namespace

int main() { heed::run(program()); }

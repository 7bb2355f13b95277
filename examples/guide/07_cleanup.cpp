// docs/guide/07-cleanup.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

class Workbench {
 public:
  ~Workbench() { std::cout << "the workbench is cleared\n"; }
};

Coro<> at_the_workbench() {
  Workbench bench;
  co_await heed::sleep(1h);
}

Coro<> destructors() {
  heed::Task<> task = heed::create_task(at_the_workbench());
  co_await heed::yield_now();
  task.cancel();
  co_await heed::wait(heed::ALL_COMPLETED, task);
}

class Connection {
 public:
  Coro<std::string> read() {
    co_await heed::sleep(1ms);
    throw std::runtime_error("connection reset");
  }
  Coro<> say_goodbye() {
    co_await heed::sleep(10ms);
    std::cout << "goodbye\n";
  }
};

Coro<std::string> read_politely(Connection& connection) {
  co_return co_await heed::finally(connection.read(), [&] { return connection.say_goodbye(); });
}

Coro<> awaited_cleanup() {
  Connection connection;
  heed::Outcome<std::string> text = co_await heed::as_result(read_politely(connection));
  std::cout << heed::describe(text.exception()) << '\n';
}

class Pool {
 public:
  Coro<Connection> acquire() {
    co_await heed::sleep(1ms);
    std::cout << "acquired\n";
    co_return Connection();
  }
  Coro<> release(Connection&) {
    co_await heed::sleep(1ms);
    std::cout << "released\n";
  }
};

Coro<> use_the_pool() {
  Pool pool;
  auto use = [](Connection& connection) -> Coro<> { co_await connection.say_goodbye(); };
  auto release = [&](Connection& connection) { return pool.release(connection); };
  co_await heed::with(pool.acquire(), use, release);
}

Coro<std::string> cached(const std::runtime_error& error) {
  std::cout << "after '" << error.what() << "'\n";
  co_await heed::sleep(1ms);
  co_return "an old page";
}

Coro<> error_handler() {
  Connection connection;
  std::string page = co_await heed::on_error(connection.read(), cached);
  std::cout << page << '\n';
}

Coro<> failing_cleanup() {
  co_await heed::sleep(1ms);
  throw std::logic_error("and the goodbye failed");
}

Coro<> both_fail(Connection& connection) { co_await heed::finally(connection.read(), failing_cleanup); }

void show(heed::EventLoop&, const heed::ErrorContext& context) {
  std::cout << heed::describe(context.exception) << ", failure #" << context.record->id << '\n';
  for (const std::string& note : context.record->notes) std::cout << "  " << note << '\n';
}

Coro<> two_failures() {
  heed::running_loop().set_exception_handler(show);
  Connection connection;
  heed::create_task(both_fail(connection));
  co_await heed::sleep(200ms);
}

Coro<> work(Connection& connection) {
  co_await heed::finally(heed::sleep(1h), [&] { return connection.say_goodbye(); });
}

Coro<> shielded_work(Connection& connection) {
  co_await heed::finally(heed::sleep(1h), [&] { return heed::shielded(connection.say_goodbye()); });
}

Coro<> cancel_twice(heed::Task<> task) {
  co_await heed::yield_now();
  task.cancel("first");
  co_await heed::yield_now();
  task.cancel("second");
  heed::Outcome<void> outcome = co_await heed::as_result(task);
  std::cout << (outcome.cancelled() ? "cancelled\n" : "not cancelled\n");
}

Coro<> second_request() {
  Connection connection;
  std::cout << "plain: ";
  co_await cancel_twice(heed::create_task(work(connection)));
  std::cout << "shielded: ";
  co_await cancel_twice(heed::create_task(shielded_work(connection)));
}

class Careless {
 public:
  ~Careless() noexcept(false) { throw std::runtime_error("the disk is full"); }
};

Coro<int> write() {
  Careless file;
  co_await heed::yield_now();
  co_return 1;
}

Coro<> throwing_destructors() {
  heed::Outcome<int> outcome = co_await heed::as_result(write());
  std::cout << heed::describe(outcome.exception()) << '\n';
}

Coro<> program() {
  co_await destructors();
  co_await awaited_cleanup();
  co_await use_the_pool();
  co_await error_handler();
  co_await two_failures();
  co_await second_request();
  co_await throwing_destructors();
  std::cout << heed::running_loop().failures().summary() << '\n';
}

int main() { heed::run(program()); }

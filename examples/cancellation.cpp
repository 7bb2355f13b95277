// Cancelling tasks: the request, its reason, cleaning up, and going on nevertheless.
#include <cstdio>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

// Destructors are the `finally`: they run in whichever way a coroutine ends.
struct Workbench {
  ~Workbench() { std::puts("the workbench is cleared"); }
};

// The cancellation arrives as an exception at the await. Who handles it throws it on: to swallow it is to refuse.
Coro<> work() {
  Workbench bench;
  try {
    co_await heed::sleep(1h);
  } catch (const heed::CancelledError& error) {
    std::printf("cancelled: %s, by '%s'\n", error.what(), error.reason()->by_name().c_str());
    throw;
  }
}

// uncancel() takes the request back: the task refuses it openly, and nobody takes it for cancelled.
Coro<std::string> save() {
  try {
    co_await heed::sleep(1h);
  } catch (const heed::CancelledError&) {
    heed::current_task().uncancel();
  }
  co_await heed::sleep(1ms);
  co_return "saved first";
}

Coro<> shop() {
  heed::current_task().set_name("shop");
  heed::Task<> worker = heed::create_task(work(), heed::named("work"));
  heed::Task<std::string> saver = heed::create_task(save(), heed::named("save"));
  co_await heed::yield_now();  // both begin

  worker.cancel("closing time");
  saver.cancel("closing time");
  heed::Outcome<void> outcome = co_await heed::as_result(worker);
  std::printf("work: %s\n", outcome.cancelled() ? "cancelled" : "not cancelled");
  std::string answer = co_await saver;
  std::printf("save: %s, %d requests are left\n", answer.c_str(), saver.cancelling());
}

int main() { heed::run(shop()); }

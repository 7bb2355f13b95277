// docs/guide/08-synchronisation.md
#include <iostream>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

class Account {
 public:
  Coro<> add(int amount) {
    auto guard = co_await lock_.scoped();  // released at the end of the scope, however it is left
    int before = balance_;
    co_await heed::sleep(1ms);  // others run here, but nobody else is in this block
    balance_ = before + amount;
  }
  int balance() const { return balance_; }

 private:
  heed::Lock lock_;
  int balance_ = 0;
};

Coro<> with_a_lock() {
  Account account;
  co_await heed::gather(account.add(10), account.add(20), account.add(30));
  std::cout << "balance " << account.balance() << '\n';
}

Coro<> greet(heed::Event& open) {
  co_await open.wait();
  std::cout << "good morning\n";
}

Coro<> with_an_event() {
  heed::Event open;
  heed::Task<> visitor = heed::create_task(greet(open));
  co_await heed::sleep(1ms);
  std::cout << "opening\n";
  open.set();
  co_await visitor;
}

struct Shelf {
  heed::Condition changed;
  int boxes = 0;
};

Coro<> take_two(Shelf& shelf) {
  auto guard = co_await shelf.changed.scoped();
  co_await shelf.changed.wait_for([&] { return shelf.boxes >= 2; });
  shelf.boxes -= 2;
  std::cout << "took two boxes\n";
}

Coro<> bring_one(Shelf& shelf) {
  auto guard = co_await shelf.changed.scoped();
  ++shelf.boxes;
  shelf.changed.notify_all();
}

Coro<> with_a_condition() {
  Shelf shelf;
  co_await heed::gather(take_two(shelf), bring_one(shelf), bring_one(shelf));
  std::cout << shelf.boxes << " boxes are left\n";
}

Coro<> download(heed::Semaphore& slots, int& running, int& most) {
  auto slot = co_await slots.scoped();
  most = std::max(most, ++running);
  co_await heed::sleep(2ms);
  --running;
}

Coro<> with_a_semaphore() {
  heed::Semaphore slots(3);
  int running = 0, most = 0;
  std::vector<Coro<>> downloads;
  for (int i = 0; i < 10; ++i) downloads.push_back(download(slots, running, most));
  co_await heed::gather(std::move(downloads));
  std::cout << "never more than " << most << " at once\n";
}

Coro<> borrow_twice(heed::CapacityLimiter& limiter) {
  auto token = co_await limiter.acquire();
  std::cout << limiter.available_tokens() << " of " << limiter.total_tokens() << " tokens are free\n";
  try {
    auto second = co_await limiter.acquire();
  } catch (const std::runtime_error& error) {
    std::cout << "refused: " << error.what() << '\n';
  }
}

Coro<> with_a_limiter() {
  heed::CapacityLimiter limiter(2);
  co_await borrow_twice(limiter);
  limiter.set_total_tokens(5);
  std::cout << limiter.available_tokens() << " tokens\n";
}

Coro<> stage(heed::Barrier& barrier, int number) {
  co_await heed::sleep(number * 5ms);
  std::cout << "stage one of " << number << '\n';
  std::size_t index = co_await barrier.wait();
  if (index == 0) std::cout << "everybody is here\n";
}

Coro<> with_a_barrier() {
  heed::Barrier barrier(3);
  co_await heed::gather(stage(barrier, 1), stage(barrier, 2), stage(barrier, 3));
}

Coro<> produce(heed::Queue<int>& jobs, int count) {
  for (int job = 1; job <= count; ++job) co_await jobs.put(job);  // waits while the queue is full
  jobs.shutdown();
}

Coro<int> consume(heed::Queue<int>& jobs) {
  int done = 0;
  for (;;) {
    auto job = co_await jobs.next();
    if (!job) break;  // shut down, and nothing is left
    co_await heed::sleep(1ms);
    ++done;
  }
  co_return done;
}

Coro<> with_a_queue() {
  heed::Queue<int> jobs(4);
  int sum = co_await heed::task_group([&](heed::TaskGroup& group) -> Coro<int> {
    heed::Task<int> first = group.create_task(consume(jobs));
    heed::Task<int> second = group.create_task(consume(jobs));
    co_await produce(jobs, 20);
    int done = co_await first;
    co_return done + co_await second;
  });
  std::cout << sum << " jobs are done\n";
}

Coro<> with_an_order() {
  heed::PriorityQueue<std::pair<int, std::string>> urgent;
  urgent.put_nowait({2, "mail"});
  urgent.put_nowait({1, "fire"});
  auto [rank, name] = co_await urgent.get();
  std::cout << name << " comes first\n";
}

Coro<> program() {
  co_await with_a_lock();
  co_await with_an_event();
  co_await with_a_condition();
  co_await with_a_semaphore();
  co_await with_a_limiter();
  co_await with_a_barrier();
  co_await with_a_queue();
  co_await with_an_order();
}

int main() { heed::run(program()); }

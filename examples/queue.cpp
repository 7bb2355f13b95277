// Producers and consumers: a queue with room for four, a shutdown that ends the consumers, and a lock around what they
// share.
#include <cstdio>

#include "heed/heed.hpp"

using namespace std::chrono_literals;
using heed::Coro;

struct Job {
  int number;
  heed::Duration work;
};

class Totals {
 public:
  Coro<> add(int number) {
    auto guard = co_await lock_.scoped();  // released at the end of the scope, whatever happens
    int before = sum_;
    co_await heed::yield_now();  // others run here, but none of them is in this block
    sum_ = before + number;
  }
  int sum() const { return sum_; }

 private:
  heed::Lock lock_;
  int sum_ = 0;
};

Coro<> produce(heed::Queue<Job>& jobs, int first, int count) {
  for (int i = 0; i < count; ++i) {
    Job job{first + i, 1ms};
    co_await jobs.put(job);  // waits while the queue is full
  }
}

Coro<int> consume(heed::Queue<Job>& jobs, Totals& totals) {
  int done = 0;
  for (;;) {
    auto job = co_await jobs.next();
    if (!job) break;  // the queue was shut down, and nothing is left in it
    co_await heed::sleep(job->work);
    co_await totals.add(job->number);
    jobs.task_done();
    ++done;
  }
  co_return done;
}

Coro<int> program() {
  heed::Queue<Job> jobs(4);
  Totals totals;
  auto first = heed::create_task(consume(jobs, totals));
  auto second = heed::create_task(consume(jobs, totals));

  co_await heed::gather(produce(jobs, 1, 10), produce(jobs, 11, 10));
  jobs.shutdown();  // puts fail from now on; what is in the queue is still worked on
  co_await jobs.join();
  std::printf("%zu jobs are left\n", jobs.qsize());

  auto [a, b] = co_await heed::gather(first, second);
  std::printf("%d jobs done, the sum of their numbers is %d\n", a + b, totals.sum());
  co_return totals.sum() == 210 ? 0 : 1;
}

int main() { return heed::run(program()); }

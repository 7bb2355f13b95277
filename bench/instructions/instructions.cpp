// One hot operation, again and again, for a tool that counts instructions: `instructions OPERATION TIMES`.
// What one of them costs is the difference of two runs divided by the difference of their TIMES (tools/instructions.sh).
#include <heed/heed.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace heed;

namespace {

template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

[[gnu::noinline]] Coro<int> child(int i) { co_return i; }
[[gnu::noinline]] Coro<int> child_yield(int i) {
  co_await yield_now();
  co_return i;
}

// The numbers of operations are multiples of this.
constexpr int batch_size = 100;

Coro<> task_created_and_awaited(long times) {
  std::vector<Task<int>> batch;
  batch.reserve(batch_size);
  for (long done = 0; done < times; done += batch_size) {
    batch.clear();
    for (int i = 0; i < batch_size; ++i) batch.push_back(create_task(child(i)));
    for (Task<int>& task : batch) keep(co_await task);
  }
}

Coro<> yields(long times) {
  for (long i = 0; i < times; ++i) co_await yield_now();
}
Coro<> a_switch(long times) {
  Task<> one = create_task(yields(times / 2));
  Task<> other = create_task(yields(times / 2));
  co_await one;
  co_await other;
}

Coro<> await_of_a_complete_child(long times) {
  for (long i = 0; i < times; ++i) keep(co_await child(1));
}

Coro<> child_of_gather(long times) {
  for (long done = 0; done < times; done += batch_size) {
    std::vector<Coro<int>> children;
    children.reserve(batch_size);
    for (int i = 0; i < batch_size; ++i) children.push_back(child_yield(i));
    std::vector<int> values = co_await gather(std::move(children));
    keep(values[0]);
  }
}

Coro<> sets(Future<int>& next, long times) {
  for (long i = 0; i < times; ++i) {
    next.set_result(1);
    co_await yield_now();
  }
}
// Set while a task waits for it, by another one: two switches are part of it.
Coro<> future_set_and_awaited(long times) {
  EventLoop& loop = running_loop();
  Future<int> future = loop.create_future<int>();
  Task<> setter = create_task(sets(future, times));
  for (long i = 0; i < times; ++i) {
    keep(co_await future);
    future = loop.create_future<int>();
  }
  co_await setter;
}

Coro<> call_soon(long times) {
  EventLoop& loop = running_loop();
  long called = 0;
  for (long done = 0; done < times; done += batch_size) {
    for (int i = 0; i < batch_size; ++i) loop.call_soon([&called] { ++called; });
    co_await yield_now();
  }
  keep(called);
}

Coro<> timer_set_and_cancelled(long times) {
  EventLoop& loop = running_loop();
  for (long i = 0; i < times; ++i) {
    TimerHandle handle = loop.call_later(std::chrono::seconds(10), [] {});
    handle.cancel();
  }
  co_return;
}

Coro<> lock_taken_and_released(long times) {
  Lock lock;
  for (long i = 0; i < times; ++i) {
    auto guard = co_await lock.scoped();
    keep(i);
  }
}

Coro<> producer(Queue<long>& queue, long times) {
  for (long i = 0; i < times; ++i) co_await queue.put(i);
}
Coro<> queue_put_and_get(long times) {
  Queue<long> queue(10);
  Task<> in = create_task(producer(queue, times));
  long sum = 0;
  for (long i = 0; i < times; ++i) sum += co_await queue.get();
  keep(sum);
  co_await in;
}

Coro<int> blocked() {
  co_await pass(running_loop().create_future<void>());
  co_return 0;
}
// Created, blocked, cancelled and awaited.
Coro<> blocked_task_cancelled(long times) {
  long cancelled = 0;
  std::vector<Task<int>> batch;
  batch.reserve(batch_size);
  for (long done = 0; done < times; done += batch_size) {
    batch.clear();
    for (int i = 0; i < batch_size; ++i) batch.push_back(create_task(blocked()));
    co_await yield_now();
    for (Task<int>& task : batch) task.cancel();
    for (Task<int>& task : batch) cancelled += (co_await as_result(task)).cancelled();
  }
  keep(cancelled);
}

struct Operation {
  const char* name;
  Coro<> (*run)(long times);
};
constexpr Operation operations[] = {
    {"task_created_and_awaited", task_created_and_awaited},   {"switch", a_switch},
    {"await_of_a_complete_child", await_of_a_complete_child}, {"child_of_gather", child_of_gather},
    {"future_set_and_awaited", future_set_and_awaited},       {"call_soon", call_soon},
    {"timer_set_and_cancelled", timer_set_and_cancelled},     {"queue_put_and_get", queue_put_and_get},
    {"lock_taken_and_released", lock_taken_and_released},     {"blocked_task_cancelled", blocked_task_cancelled},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (const Operation& operation : operations) std::puts(operation.name);
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "--compiler") == 0) return std::puts(HEED_COMPILER) < 0;
  for (const Operation& operation : operations) {
    if (argc != 3 || std::strcmp(argv[1], operation.name) != 0) continue;
    run(operation.run(std::atol(argv[2])));
    return 0;
  }
  std::fputs("usage: instructions OPERATION TIMES | --list | --compiler\n", stderr);
  return 2;
}

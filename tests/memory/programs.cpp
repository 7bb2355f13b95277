#include "memory/programs.hpp"

#include <unistd.h>

#include <cstring>
#include <string>

#include "heed/heed.hpp"
#include "heed/io/socket.hpp"
#include "memory/witness.hpp"

namespace heed::test {

namespace {

using namespace std::chrono_literals;

// Too long to be kept inside a string object.
constexpr const char* long_text = "a message that is much too long for the inside of a string";
ContextVar<std::string> variable("memory", "");

class VirtualClock final : public Clock {
 public:
  TimePoint now() noexcept override { return now_; }
  void advance(Duration duration) noexcept { now_ += duration; }

 private:
  TimePoint now_{1h};
};

class VirtualPoller final : public Poller {
 public:
  explicit VirtualPoller(VirtualClock& clock) : clock_(clock) {}
  void loop(EventLoop& loop) { loop_ = &loop; }
  void watch(int, Watch) override {}
  void forget(int) noexcept override {}
  std::size_t wait(Duration timeout, std::span<PollEvent>) override {
    if (!loop_->failures().balanced()) witness.unbalanced = true;
    if (timeout == Duration::max()) {
      witness.stuck = true;
      loop_->stop();
    } else {
      clock_.advance(timeout);
    }
    return 0;
  }
  void wake() noexcept override {}

 private:
  VirtualClock& clock_;
  EventLoop* loop_ = nullptr;
};

// To be called while an exception is handled.
void caught(int where) noexcept {
  witness.told(std::current_exception());
  if (is_cancellation(std::current_exception())) where += 1000;
  witness.note(-where);
}

template <class T>
void look(int where, const Outcome<T>& outcome) noexcept {
  witness.told(outcome.exception());
  witness.note(outcome ? where : outcome.cancelled() ? -1000 - where : -where);
}

Coro<int> adds(int a, int b) {
  co_await yield_now();
  co_return a + b;
}
Coro<int> fails(int id, int turns = 1) {
  for (int i = 0; i < turns; ++i) co_await yield_now();
  throw Failure(id);
}
Coro<int> sleeps(Duration duration, int result) {
  co_await sleep(duration);
  co_return result;
}
Coro<int> waits_for(Task<int> task) { co_return co_await task; }
Coro<int> passes_on(Task<int> task) { co_return co_await pass(std::move(task)); }
Coro<int> levels(int depth, int id) {
  if (depth == 0) co_return co_await fails(id);
  if (depth % 2 == 0) co_return co_await pass(levels(depth - 1, id));
  co_return co_await levels(depth - 1, id);
}

Coro<> gathers() {
  try {
    auto [three, seven] = co_await gather(adds(1, 2), adds(3, 4));
    witness.note(10 * three + seven);
  } catch (...) {
    caught(1);
  }
  try {
    auto [failed, sum, slept] = co_await gather(return_exceptions, fails(1), adds(5, 6), sleeps(1ms, 7));
    look(2, failed), look(3, sum), look(4, slept);
  } catch (...) {
    caught(2);
  }
  try {  // the second failure is reported
    co_await gather(fails(2), fails(3, 2));
  } catch (...) {
    caught(3);
  }
  try {
    std::vector<Coro<int>> many;
    for (int i = 0; i < 5; ++i) many.push_back(adds(i, i));
    std::vector<int> sums = co_await gather(std::move(many));
    for (int sum : sums) witness.note(sum);
  } catch (...) {
    caught(4);
  }
  try {
    auto [slept, outcomes] = co_await gather(sleeps(1ms, 1), gather(return_exceptions, adds(1, 1), fails(4)));
    look(slept, std::get<1>(outcomes));
  } catch (...) {
    caught(5);
  }
  co_await sleep(2ms);
}

Coro<> callbacks() {
  EventLoop& loop = running_loop();
  try {
    Task<int> task = create_task(adds(1, 1), named(long_text));
    task.add_done_callback([](const AnyFuture& done) { witness.note(done.done() ? 20 : -20); });
    task.add_done_callback([text = std::string(long_text)] { throw Failure(5); });
    CallbackId removed = task.add_done_callback([] { witness.note(21); });
    task.remove_done_callback(removed);
    witness.note(co_await task);
  } catch (...) {
    caught(6);
  }
  try {
    loop.call_soon([] { witness.note(22); });
    loop.call_later(1ms, [text = std::string(long_text)] { throw Failure(6); });
    loop.call_later(3ms, [] { witness.note(23); }).cancel();
    loop.call_soon_threadsafe([text = std::string(long_text)] { witness.note(24); });
    loop.call_soon_threadsafe([] { throw Failure(7); });
  } catch (...) {
    caught(7);
  }
  try {
    co_await sleep(4ms);
  } catch (...) {
    caught(8);
  }
}

Coro<> waits() {
  try {
    std::vector<Task<int>> tasks{create_task(sleeps(1ms, 1)), create_task(fails(8)), create_task(sleeps(20ms, 3))};
    auto some = co_await wait(tasks, 5ms, ReturnWhen::first_exception);
    witness.note(static_cast<int>(10 * some.done.size() + some.pending.size()));
    auto more = co_await wait(tasks, 5ms);
    witness.note(static_cast<int>(10 * more.done.size() + more.pending.size()));
    for (Task<int>& task : more.pending) task.cancel(long_text);
    for (Task<int>& task : tasks) {
      Outcome<int> outcome = co_await as_result(task);
      look(30, outcome);
    }
  } catch (...) {
    caught(9);
  }
}

// Cancels itself and waits then: what it waits for is cancelled.
template <class Awaited>
Coro<int> cancels_itself(Awaited awaited) {
  current_task().cancel(long_text);
  co_await std::move(awaited);
  co_return 0;
}

Coro<> cancelled(int where, Task<int> task, bool tells) {
  try {
    co_await yield_now();
    co_await yield_now();
    if (tells) task.cancel(long_text);
    witness.note(co_await task);
  } catch (...) {
    caught(where);
  }
}

Coro<> cancellations() {
  try {
    co_await cancelled(40, create_task(sleeps(5ms, 1)), true);
    co_await cancelled(41, create_task(waits_for(create_task(sleeps(5ms, 2)))), true);
    co_await cancelled(42, create_task(passes_on(create_task(passes_on(create_task(sleeps(5ms, 3)))))), true);
    co_await cancelled(43, create_task([]() -> Coro<int> {
                         auto [a, b] = co_await gather(sleeps(5ms, 4), sleeps(5ms, 5));
                         co_return a + b;
                       }),
                       true);
    co_await cancelled(44, create_task([]() -> Coro<int> {
                         co_await gather(return_exceptions, sleeps(5ms, 4), waits_for(create_task(sleeps(5ms, 5))));
                         co_return 6;
                       }),
                       true);
    co_await cancelled(45, create_task(cancels_itself(create_task(sleeps(5ms, 7)))), false);
    co_await cancelled(46, create_task(cancels_itself(gather(sleeps(5ms, 8), sleeps(5ms, 9)))), false);
    co_await cancelled(47, create_task(cancels_itself(sleep(5ms))), false);
    Task<int> withdrawn = create_task(adds(1, 1));
    withdrawn.cancel(long_text);
    withdrawn.uncancel();
    witness.note(co_await withdrawn);
  } catch (...) {
    caught(48);
  }
  try {  // a gather that is not cancelled, and a child that is
    Task<int> child = create_task(sleeps(5ms, 1));
    auto both = gather(child, adds(1, 1));
    child.cancel(long_text);
    co_await both;
  } catch (...) {
    caught(49);
  }
  try {
    Task<int> child = create_task(sleeps(5ms, 1));
    auto both = gather(child, adds(1, 1));
    child.cancel(long_text);
    co_await pass(std::move(both));
  } catch (...) {
    caught(49);
  }
}

Coro<> contexts() {
  try {
    variable.set(long_text);
    Task<int> child = create_task(
        []() -> Coro<int> {
          int size = static_cast<int>(variable.get().size());
          variable.set("");
          co_await yield_now();
          co_return size;
        },
        eager());
    witness.note(co_await child);
    witness.note(static_cast<int>(variable.get().size()));
    running_loop().call_soon([] { witness.note(static_cast<int>(variable.get().size())); });
    co_await yield_now();
  } catch (...) {
    caught(60);
  }
}

Coro<> failures() {
  try {
    co_await levels(6, 9);
  } catch (...) {
    caught(70);
  }
  try {
    Outcome<int> outcome = co_await as_result(levels(4, 10));
    look(71, outcome);
  } catch (...) {
    caught(71);
  }
  try {
    try {
      co_await fails(11);
    } catch (const Failure&) {
      witness.told(std::current_exception());
      add_note(long_text);  // without memory, std::bad_alloc takes its place
      throw;
    }
  } catch (...) {
    caught(72);
  }
  try {
    Future<int> unread = running_loop().create_future<int>();
    unread.set_exception(Failure(12));
    Future<int> held = running_loop().create_future<int>();
    held.set_exception(Failure(13));
    create_task(fails(14));
    Task<int> late = create_task(levels(3, 15));
    co_await sleep(10ms);  // long enough for provisional reports
    Outcome<int> outcome = co_await as_result(late);
    look(73, outcome);
  } catch (...) {
    caught(73);
  }
}

// What has come is not lost when there is no memory for it.
Coro<> receives() {
  try {
    auto [here, there] = Descriptor::socket_pair();
    if (::write(there.fd(), long_text, std::strlen(long_text)) < 0) witness.note(-80);
    std::string received;
    for (int attempt = 0; attempt < 2 && received.empty(); ++attempt) try {
        received = co_await sock_recv(here, 100);
      } catch (const std::bad_alloc&) {
        witness.told(std::current_exception());
      }
    witness.note(received == long_text ? 80 : -81);
  } catch (...) {
    caught(80);
  }
}

struct Bomb {
  ~Bomb() noexcept(false) {
    if (std::uncaught_exceptions() == 0) throw Failure(16);
  }
};

Coro<int> pending_with_bomb() {
  Bomb bomb;
  co_await running_loop().create_future<void>();
  co_return 0;
}

Coro<int> program() {
  co_await gathers();
  co_await callbacks();
  co_await waits();
  co_await cancellations();
  co_await contexts();
  co_await receives();
  co_await failures();
  // What is left when the loop closes.
  create_task(pending_with_bomb());
  create_task(sleeps(1h, 0));
  running_loop().call_later(1h, [text = std::string(long_text)] {});
  static Future<int> unread;
  unread = running_loop().create_future<int>();
  unread.set_exception(Failure(17));
  running_loop().call_soon([keep = unread] { unread = Future<int>(); });
  co_await yield_now();
  co_return 99;
}

std::unique_ptr<EventLoop> make_loop(const Variant& variant, VirtualClock& clock) {
  auto poller = std::make_unique<VirtualPoller>(clock);
  VirtualPoller& keep = *poller;
  auto loop = std::make_unique<EventLoop>(std::move(poller), clock);
  keep.loop(*loop);
  loop->set_debug(variant.debug);
  loop->set_unretrieved_grace(3ms);
  if (variant.reporting == Reporting::default_handler) return loop;
  loop->set_exception_handler(
      [fails = variant.reporting == Reporting::failing_handler](EventLoop& told, const ErrorContext& context) {
        if (!told.failures().balanced()) witness.unbalanced = true;
        if (fails && !find<Failure>(context.exception)) throw Failure(20);
        if (fails && witness.length % 2 == 0) throw Failure(21);
        witness.told(context.exception);
      });
  return loop;
}

void check_closed(const EventLoop& loop) noexcept {
  const Ledger& books = loop.failures();
  if (!books.balanced()) witness.unbalanced = true;
  if (books.failures().live != 0 || books.cancellations().pending != 0) witness.open_at_close = true;
}

}  // namespace

void run_program(const Variant& variant) noexcept {
  witness = Witness();
  VirtualClock clock;
  try {
    if (variant.runner) {
      Runner runner(RunOptions().handle_interrupts(false).loop_factory([&] { return make_loop(variant, clock); }));
      witness.note(runner.run(program()));
      EventLoop& loop = runner.get_loop();
      runner.close();
      check_closed(loop);
    } else {
      std::unique_ptr<EventLoop> loop = make_loop(variant, clock);
      try {
        witness.note(loop->run_until_complete(program()));
      } catch (...) {
        caught(100);
      }
      loop->close();
      check_closed(*loop);
    }
  } catch (...) {
    caught(101);
  }
}

}  // namespace heed::test

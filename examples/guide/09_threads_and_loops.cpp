// docs/guide/09-threads-and-loops.md
#include <csignal>
#include <future>
#include <iostream>
#include <thread>

#include "heed/heed.hpp"
#include "show.hpp"

using namespace std::chrono_literals;
using heed::Coro;

Coro<int> answer(int number) {
  co_await heed::sleep(1ms);
  if (number < 0) throw std::invalid_argument("negative");
  co_return 2 * number;
}

void several_runs() {
  heed::Runner runner(heed::RunOptions().shutdown_timeout(5s));
  int first = runner.run(answer(1));
  int second = runner.run(answer(first));
  std::cout << second << '\n';
}

Coro<> forgotten() {
  co_return co_await heed::finally(heed::sleep(1h), [] { std::cout << "the forgotten one leaves\n"; });
}

Coro<> leaves_a_task_behind() {
  heed::create_task(forgotten());
  co_await heed::yield_now();
  std::cout << "main is done\n";
}

Coro<> until_interrupted() {
  std::raise(SIGINT);  // what Ctrl-C does
  co_await heed::finally(heed::sleep(1h), [] { std::cout << "main is cancelled\n"; });
}

void interrupt() {
  try {
    heed::run(until_interrupted());
  } catch (const heed::KeyboardInterrupt&) {
    std::cout << "interrupted\n";
  }
}

Coro<> callbacks() {
  heed::EventLoop& loop = heed::running_loop();
  heed::Future<std::string> reply = loop.create_future<std::string>();
  loop.call_soon([] { std::cout << "first\n"; });
  loop.call_later(10ms, [reply]() mutable { reply.set_result("second"); });
  heed::TimerHandle late = loop.call_later(1h, [] { std::cout << "never\n"; });
  late.cancel();
  std::string text = co_await reply;
  std::cout << text << '\n';
}

Coro<> failing_callback() {
  heed::running_loop().set_exception_handler([](heed::EventLoop&, const heed::ErrorContext& context) {
    std::cout << "reported: " << heed::describe(context.exception) << '\n';
  });
  heed::running_loop().call_soon([] { throw std::runtime_error("nobody calls me"); });
  co_await heed::sleep(1ms);
  std::cout << "the loop goes on\n";
}

class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.run_forever(); }) {}
  ~LoopThread() {
    loop_.call_soon_threadsafe([this] { loop_.stop(); });
    thread_.join();
  }
  heed::EventLoop& loop() { return loop_; }

 private:
  heed::EventLoop loop_;
  std::thread thread_;
};

void from_another_thread() {
  LoopThread background;
  heed::ThreadFuture<int> good = heed::run_coroutine_threadsafe(answer(21), background.loop());
  heed::ThreadFuture<int> bad = heed::run_coroutine_threadsafe(answer(-1), background.loop());
  std::cout << good.result() << '\n';
  try {
    bad.result(10s);
  } catch (const std::invalid_argument& error) {
    std::cout << "from the other thread: " << error.what() << '\n';
  }
}

template <class F>
auto in_thread(F function) -> Coro<std::invoke_result_t<F&>> {
  heed::EventLoop& loop = heed::running_loop();
  heed::Future<> done = loop.create_future();
  std::packaged_task<std::invoke_result_t<F&>()> work(std::move(function));
  std::jthread thread([&] {
    work();
    try {
      loop.call_soon_threadsafe([&] { done.set_result(); });
    } catch (const std::runtime_error&) {  // the loop was closed: nobody waits any more
    }
  });
  co_await heed::shielded(done);  // a thread cannot be cancelled: stay until it is done
  co_return work.get_future().get();
}

Coro<> blocking_work() {
  int value = co_await in_thread([] {
    std::this_thread::sleep_for(5ms);  // blocks its own thread, not the loop
    return 42;
  });
  std::cout << "computed " << value << '\n';
}

Coro<> too_slow() {
  std::this_thread::sleep_for(200ms);
  co_return;
}

Coro<> debug_mode() {
  heed::running_loop().set_slow_callback_duration(100ms);
  heed::set_log_sink([](const heed::LogRecord& record) {
    std::cout << (record.message.find(" took ") != std::string_view::npos ? "a slow step was logged\n" : "?\n");
  });
  co_await heed::create_task(too_slow());
  show_reports();
}

int main() {
  show_reports();
  std::signal(SIGINT, SIG_DFL);  // whatever started this program
  several_runs();
  heed::run(leaves_a_task_behind());
  interrupt();
  heed::run(callbacks());
  heed::run(failing_callback());
  from_another_thread();
  heed::run(blocking_work());
  heed::run(debug_mode(), heed::RunOptions().debug());
}

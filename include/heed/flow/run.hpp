// Running a program: from main's coroutine to the closed loop.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

#include "heed/core/event_loop.hpp"

namespace heed {

// How a Runner works: `RunOptions().debug().shutdown_timeout(5s)`.
class RunOptions {
 public:
  using LoopFactory = std::function<std::unique_ptr<EventLoop>()>;

  RunOptions() = default;
  // Debug mode of the loop; unset: as HEED_DEBUG says.
  RunOptions debug(bool on = true) && {
    debug_ = on;
    return std::move(*this);
  }
  // How long close() waits for tasks that it cancelled. One that refuses longer is reported and destroyed. Zero:
  // without limit, as asyncio. Default 30 s.
  template <class Rep, class Period>
  RunOptions shutdown_timeout(std::chrono::duration<Rep, Period> timeout) && {
    shutdown_timeout_ = to_delay(timeout);
    return std::move(*this);
  }
  RunOptions loop_factory(LoopFactory factory) && {
    loop_factory_ = std::move(factory);
    return std::move(*this);
  }
  // Whether SIGINT cancels the main task (in the main thread, when SIGINT has its default action). Default yes.
  RunOptions handle_interrupts(bool on) && {
    handle_interrupts_ = on;
    return std::move(*this);
  }

 private:
  friend class Runner;
  std::optional<bool> debug_;
  Duration shutdown_timeout_ = std::chrono::seconds(30);
  LoopFactory loop_factory_;
  bool handle_interrupts_ = true;
};

// One loop and one context for several runs. The loop is made at its first use.
//
// While it runs, SIGINT cancels the main task (source: interrupt); run() then throws KeyboardInterrupt, also when main
// swallowed the cancellation and returned (asyncio forgets the interrupt then); an exception that main raised meanwhile
// comes out instead. A second SIGINT stops main at once: KeyboardInterrupt leaves run(), and what is left is cancelled
// by close(). One that comes while close() waits ends that wait: what is left is reported and destroyed. A third one
// that finds the loop stuck kills the process.
class Runner {
 public:
  explicit Runner(RunOptions options = {});
  // Closes. What goes wrong then is reported, not thrown.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Runs the coroutine to its end; returns its result or throws its exception. Other tasks stay as they are.
  // Throws std::runtime_error when a loop runs on this thread or the runner is closed.
  template <class T>
  T run(Coro<T> main, std::source_location where = std::source_location::current()) {
    check_can_run();
    return run_task(get_loop().create_task(std::move(main), heed::in_context(context_), where));
  }
  template <detail::CoroutineFunction F>
  auto run(F main, std::source_location where = std::source_location::current()) {
    detail::require_callable(main, "run");
    return run(detail::call_and_keep<detail::CoroutineValue<F>>(std::move(main)), where);
  }

  // Throws std::runtime_error "Runner is closed".
  EventLoop& get_loop();

  // Cancels every unfinished task, waits for them, reports those that failed ("unhandled exception during heed::run()
  // shutdown") or refused, closes the asynchronous generators that are left open, and closes the loop. A second time:
  // nothing.
  void close();

 private:
  template <class T>
  T run_task(Task<T> task) {
    run_main(task);
    task.state().require_value();
    return detail::unwrap<T>(detail::take_stored<T>(task.state()));
  }
  void check_can_run();
  // Returns when the task is done and its result is what run() gives; else throws.
  void run_main(const AnyTask& task);
  void cancel_all_tasks();
  void close_generators();

  RunOptions options_;
  std::unique_ptr<EventLoop> loop_;
  Context context_;
  std::exception_ptr interrupt_;  // that left run(): it is not told again when a task passes it on
  bool closed_ = false;
};

// Makes a loop, runs `main` in it, cancels and awaits all tasks that are left, closes the loop, and returns main's
// result or throws its exception: the main entry point of a program. See Runner.
// Throws std::runtime_error when a loop runs on this thread.
template <class T>
T run(Coro<T> main, RunOptions options = {}, std::source_location where = std::source_location::current()) {
  Runner runner(std::move(options));
  if constexpr (std::is_void_v<T>) {
    runner.run(std::move(main), where);
    runner.close();  // an interrupt meanwhile comes out here
  } else {
    T result = runner.run(std::move(main), where);
    runner.close();
    return static_cast<T>(result);
  }
}
template <detail::CoroutineFunction F>
auto run(F main, RunOptions options = {}, std::source_location where = std::source_location::current()) {
  detail::require_callable(main, "run");
  return run(detail::call_and_keep<detail::CoroutineValue<F>>(std::move(main)), std::move(options), where);
}

}  // namespace heed

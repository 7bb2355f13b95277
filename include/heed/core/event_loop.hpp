// The event loop.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <utility>
#include <vector>

#include "heed/core/callable.hpp"
#include "heed/core/clock.hpp"
#include "heed/core/delay.hpp"
#include "heed/core/error_context.hpp"
#include "heed/core/future.hpp"
#include "heed/core/handle.hpp"
#include "heed/core/letter.hpp"
#include "heed/core/poller.hpp"
#include "heed/core/task.hpp"
#include "heed/failure/ledger.hpp"

namespace heed {

using ExceptionHandler = std::function<void(EventLoop&, const ErrorContext&)>;
// Sees every task that create_task() makes, before it starts, and may change how.
using TaskFactory = std::function<void(EventLoop&, TaskOptions&)>;

// asyncio's event loop. One runs on a thread at a time; it belongs to that thread, and so do its futures, tasks and
// handles. Only the functions that say so may be called from another one.
//
// Destroying an open loop closes it. A loop must not be destroyed while it runs.
class EventLoop {
 public:
  EventLoop();
  // With other sources of events and time: tests, simulation, ports. The clock must outlive the loop.
  EventLoop(std::unique_ptr<Poller> poller, Clock& clock);
  virtual ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // --- running -------------------------------------------------------------------------------------------------
  // Runs until stop(). Throws std::runtime_error when it is closed or running, or another loop runs on this thread;
  // and what a task or callback raised as KeyboardInterrupt or SystemExit.
  void run_forever();
  // Runs until it is done and returns its result or throws its exception. std::runtime_error "Event loop stopped
  // before Future completed." when stop() came first; the task then stays pending.
  template <class T>
  T run_until_complete(Future<T> future);
  template <class T>
  T run_until_complete(Coro<T> coro, std::source_location where = std::source_location::current()) {
    return run_until_complete(Future<T>(create_task(std::move(coro), {}, where)));
  }
  template <detail::LeafAwaitable A>
  typename A::value_type run_until_complete(A awaitable, std::source_location where = std::source_location::current()) {
    return run_until_complete(as_coro(std::move(awaitable)), where);
  }
  // run_forever() returns when the current iteration is over. Not from other threads: call_soon_threadsafe().
  void stop() noexcept;
  // Ends the loop: tasks that are pending are reported and destroyed, failures that nobody read are reported.
  // Throws std::runtime_error when it runs. Closing twice is fine.
  void close();
  bool is_running() const noexcept;
  bool is_closed() const noexcept;

  // --- callbacks -------------------------------------------------------------------------------------------------
  // Runs `function` in the next iteration, in order of registration, in a copy of the current context or in `context`
  // itself.
  // An exception of it goes to the exception handler.
  // A coroutine function does not compile, here and below: create_task() runs it.
  // Throws std::runtime_error "Event loop is closed", std::invalid_argument for a null function.
  template <detail::Callback F>
  Handle call_soon(F function, std::source_location where = std::source_location::current()) {
    return schedule_soon(make_call(std::move(function), where, "call_soon"));
  }
  template <detail::Callback F>
  Handle call_soon(F function, const Context& context, std::source_location where = std::source_location::current()) {
    detail::ScheduledCall& call = make_call(std::move(function), where, "call_soon");
    call.use_context(context);
    return schedule_soon(call);
  }
  // Runs `function` when `delay` has passed; never early. Of equal deadlines the first registered is first.
  // A delay that is not positive is due at once. Throws std::invalid_argument for a NaN, else as call_soon().
  template <class Rep, class Period, detail::Callback F>
  TimerHandle call_later(std::chrono::duration<Rep, Period> delay, F function,
                         std::source_location where = std::source_location::current()) {
    Duration wait = to_delay(delay);
    return schedule_at(due_in(wait), make_call(std::move(function), where, "call_later"));
  }
  template <detail::Callback F>
  TimerHandle call_at(TimePoint when, F function, std::source_location where = std::source_location::current()) {
    return schedule_at(when, make_call(std::move(function), where, "call_at"));
  }
  // As call_soon(), from any thread; wakes the loop. The function must not throw when it is moved.
  // Throws std::runtime_error "Event loop is closed".
  template <detail::Callback F>
  void call_soon_threadsafe(F function, std::source_location where = std::source_location::current()) {
    detail::require_callable(function, "call_soon_threadsafe");
    post(*new detail::LetterFunction<F>(std::move(function), where));
  }

  // The loop's clock.
  TimePoint time() const noexcept;

  // --- futures and tasks --------------------------------------------------------------------------------------------
  template <class T = void>
  Future<T> create_future(std::source_location where = std::source_location::current()) {
    return Future<T>::share(*new detail::FutureOf<T>(scheduler(), where));
  }
  template <class T>
  Task<T> create_task(Coro<T> coro, TaskOptions options = {},
                      std::source_location where = std::source_location::current()) {
    return detail::make_task(scheduler(), std::move(coro), std::move(options), where);
  }
  template <detail::CoroutineFunction F>
  auto create_task(F function, TaskOptions options = {}, std::source_location where = std::source_location::current()) {
    detail::require_callable(function, "create_task");
    return create_task(detail::call_and_keep<detail::CoroutineValue<F>>(std::move(function)), std::move(options),
                       where);
  }
  template <detail::LeafAwaitable A>
  auto create_task(A awaitable, TaskOptions options = {},
                   std::source_location where = std::source_location::current()) {
    return create_task(as_coro(std::move(awaitable)), std::move(options), where);
  }
  // An empty function goes back to the default.
  void set_task_factory(TaskFactory factory);
  const TaskFactory& get_task_factory() const noexcept { return task_factory_; }

  // --- descriptors -------------------------------------------------------------------------------------------------
  // Calls `function` in each iteration in which `fd` can be read (written) without blocking; replaces an earlier one.
  // Throws std::system_error naming the descriptor when it is not open or cannot be watched.
  template <detail::Callback F>
  Handle add_reader(int fd, F function, std::source_location where = std::source_location::current()) {
    return watch_fd(fd, true, make_call(std::move(function), where, "add_reader"));
  }
  template <detail::Callback F>
  Handle add_writer(int fd, F function, std::source_location where = std::source_location::current()) {
    return watch_fd(fd, false, make_call(std::move(function), where, "add_writer"));
  }
  // Whether there was one. Call it before the descriptor is closed.
  bool remove_reader(int fd);
  bool remove_writer(int fd);

  // --- failures ------------------------------------------------------------------------------------------------------
  // Where reports go; an empty function means default_exception_handler().
  void set_exception_handler(ExceptionHandler handler) { handler_ = std::move(handler); }
  const ExceptionHandler& get_exception_handler() const noexcept { return handler_; }
  // Logs the report (heed::log, level error). Override it to change what happens when no handler is set or a handler
  // fails.
  virtual void default_exception_handler(const ErrorContext& context);
  // Reports `context`: to the handler, in the context of its task, future or handle. What the handler throws is told
  // to the default handler, what that one throws to the log; only KeyboardInterrupt and SystemExit get out.
  void call_exception_handler(const ErrorContext& context);
  // The books: what became of every failure and cancellation.
  const Ledger& failures() const noexcept;
  // A failure that is held but was not read for so long is reported provisionally; it can still be retrieved.
  // Zero: never. Default 5 s.
  void set_unretrieved_grace(Duration grace) noexcept;
  Duration get_unretrieved_grace() const noexcept;

  // --- debug mode ----------------------------------------------------------------------------------------------------
  // Checks threads, logs slow callbacks and coroutines that were never awaited, adds `source_traceback` to reports.
  // On from the start when the environment has HEED_DEBUG=1.
  void set_debug(bool on) noexcept;
  bool get_debug() const noexcept;
  // In debug mode a callback that takes longer is logged. Default 100 ms.
  void set_slow_callback_duration(Duration duration) noexcept;
  Duration get_slow_callback_duration() const noexcept;

  // --- for the runtime ---------------------------------------------------------------------------------------------
  // run_until_complete() up to the result.
  void run_until_done(detail::FutureState& future);
  detail::LoopCore& core() const noexcept { return *core_; }
  detail::Scheduler& scheduler() const;

 private:
  template <class F>
  detail::ScheduledCall& make_call(F function, const std::source_location& where, const char* operation) {
    detail::require_callable(function, operation);
    detail::ContextRef context = context_for_call();
    return *new detail::ScheduledFunction<F>(scheduler(), std::move(context), where, std::move(function));
  }
  // A copy of the current one for a callback. Throws when nothing can be scheduled here.
  detail::ContextRef context_for_call() const;
  Handle schedule_soon(detail::ScheduledCall& call);
  TimerHandle schedule_at(TimePoint when, detail::ScheduledCall& call);
  TimePoint due_in(Duration delay) const;
  Handle watch_fd(int fd, bool reading, detail::ScheduledCall& call);
  void post(detail::Letter& letter);

  detail::LoopCore* core_;
  ExceptionHandler handler_;
  TaskFactory task_factory_;
};

// For set_task_factory(): every task of the loop is eager, those of gather() and its like as well (Python 3.12). A task
// whose coroutine never suspends is done when create_task() returns.
inline void eager_task_factory(EventLoop&, TaskOptions& options) { options.set_eager(true); }

// The loop that runs on this thread. Throws std::runtime_error "no running event loop".
EventLoop& running_loop();
// asyncio's name for it.
inline EventLoop& get_running_loop() { return running_loop(); }

// The unfinished tasks of the running loop, or of `loop`, in order of creation.
std::vector<AnyTask> all_tasks();
std::vector<AnyTask> all_tasks(const EventLoop& loop);

template <class T>
T EventLoop::run_until_complete(Future<T> future) {
  run_until_done(future.state());
  future.state().require_value();
  return detail::unwrap<T>(detail::take_stored<T>(future.state()));
}

}  // namespace heed

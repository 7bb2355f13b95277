// Submitting coroutines to a loop from other threads.
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

#include "heed/core/event_loop.hpp"
#include "heed/failure/ref.hpp"

namespace heed {

namespace detail {

class Mailbox;
class ThreadBridge;

// What the thread that waits and the loop that works share. The mutex guards all of it but `bridge`.
class ThreadState : public RefCounted {
 public:
  enum class Status { pending, value, failed, cancelled };
  using Callback = std::function<void()>;

  explicit ThreadState(EventLoop& loop);
  virtual ~ThreadState();
  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;

  // --- any thread ------------------------------------------------------------------------------------------------
  Status status() const;
  bool cancel();
  void add_callback(Callback callback);
  // Returns when it is done. Throws TimeoutError, or std::runtime_error on the loop's own thread, where it would wait
  // for itself.
  Status wait(std::optional<Duration> timeout) const;
  // A failure that is handed out counts as retrieved. Throws CancelledError.
  std::exception_ptr exception(std::optional<Duration> timeout);
  void require_value(std::optional<Duration> timeout);
  void add_handle() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void drop_handle() noexcept;

  // --- the loop's thread -------------------------------------------------------------------------------------------
  // The end of the task. False when it was cancelled from outside before: what the task has then stays with the task.
  // `failure` null: a value, which was stored.
  bool finish(Status end, std::exception_ptr failure);
  // Moves the value of the task over; may throw what that throws.
  virtual void store(FutureState& task) = 0;
  // Nobody will read a failure: all handles are gone.
  bool nobody_waits() const noexcept { return handles_.load(std::memory_order_acquire) == 0; }
  bool was_read() const;
  ThreadBridge* bridge = nullptr;  // null: not begun yet, or ended

 private:
  std::exception_ptr take_failure();
  void tell_loop(void (*action)(ThreadState&)) noexcept;
  void run_callbacks(std::vector<Callback> callbacks) noexcept;

  mutable std::mutex mutex_;
  mutable std::condition_variable done_;
  Status status_ = Status::pending;
  std::exception_ptr failure_;
  bool read_ = false;
  std::vector<Callback> callbacks_;
  std::atomic<std::uint32_t> handles_{0};
  Ref<Mailbox> mailbox_;
  const Scheduler* loop_;  // to compare with
};

template <class T>
class ThreadStateOf final : public ThreadState {
 public:
  using ThreadState::ThreadState;
  void store(FutureState& task) override { value.emplace(take_stored<T>(task)); }
  std::optional<Stored<T>> value;  // written before, read after the end
};

// Begins the task on the loop's thread, or ends the state when the loop is closed before that.
class Submission : public Letter {
 public:
  explicit Submission(Ref<ThreadState> state) : state_(std::move(state)), context_(copy_of_current_context()) {}
  void run(LoopCore& loop) final;
  void discard() noexcept final;

 private:
  virtual AnyTask make_task(EventLoop& loop) = 0;
  Ref<ThreadState> state_;
  ContextRef context_;
};

template <class T>
class CoroSubmission final : public Submission {
 public:
  CoroSubmission(Ref<ThreadState> state, Coro<T> coro, TaskOptions options, const std::source_location& where)
      : Submission(std::move(state)), coro_(std::move(coro)), options_(std::move(options)), where_(where) {}

 private:
  AnyTask make_task(EventLoop& loop) override {
    return loop.create_task(std::move(coro_), std::move(options_), where_);
  }
  Coro<T> coro_;
  TaskOptions options_;
  std::source_location where_;
};

void submit(EventLoop& loop, Letter& letter);
[[noreturn]] void throw_no_thread_future();

}  // namespace detail

// The result of a coroutine that runs in another thread's loop: Python's concurrent.futures.Future. Copies share one
// state. Calling anything on a handle that was moved from throws InvalidStateError. Thread safety: everything may be
// called from any thread.
//
// A failure that no handle has read when the last one goes is reported by the loop ("ThreadFuture exception was never
// retrieved"); so is one that is unread when the loop closes (asyncio never tells).
template <class T = void>
class ThreadFuture {
 public:
  using Clock = std::chrono::steady_clock;

  ThreadFuture(const ThreadFuture& other) noexcept : state_(other.state_) {
    if (state_) state_->add_handle();
  }
  ThreadFuture(ThreadFuture&& other) noexcept = default;
  ThreadFuture& operator=(const ThreadFuture& other) noexcept { return *this = ThreadFuture(other); }
  ThreadFuture& operator=(ThreadFuture&& other) noexcept {
    ThreadFuture taken(std::move(other));
    std::swap(state_, taken.state_);
    return *this;
  }
  ~ThreadFuture() {
    if (state_) state_->drop_handle();
  }

  bool done() const { return state().status() != detail::ThreadState::Status::pending; }
  bool cancelled() const { return state().status() == detail::ThreadState::Status::cancelled; }

  // Waits for the end and gives the value, or throws what the coroutine threw, or CancelledError. With a timeout:
  // TimeoutError when that passes first; the coroutine goes on. On the loop's own thread a pending one throws
  // std::runtime_error instead of waiting for itself.
  detail::Viewed<T> result() & { return read(std::nullopt); }
  T result() && { return take(std::nullopt); }
  template <class Rep, class Period>
  detail::Viewed<T> result(std::chrono::duration<Rep, Period> timeout) & {
    return read(to_delay(timeout));
  }
  template <class Rep, class Period>
  T result(std::chrono::duration<Rep, Period> timeout) && {
    return take(to_delay(timeout));
  }
  // The same for the exception; null when there is a value.
  std::exception_ptr exception() const { return state().exception(std::nullopt); }
  template <class Rep, class Period>
  std::exception_ptr exception(std::chrono::duration<Rep, Period> timeout) const {
    return state().exception(to_delay(timeout));
  }

  // Cancels this future at once and asks the loop to cancel the task; does not wait for that. False when it is done.
  bool cancel() const { return state().cancel(); }

  // Calls `function`, with this future or without arguments, when it is done: on the loop's thread, or here and now
  // when it is done already or by cancel(). What it throws is reported.
  template <class F>
  void add_done_callback(F function) {
    static_assert(std::invocable<F&, ThreadFuture> ? detail::Callback<F, ThreadFuture> : detail::Callback<F>,
                  "a done callback takes the future, or nothing, and is no coroutine function");
    detail::require_callable(function, "add_done_callback");
    state().add_callback([function = std::move(function), future = *this]() mutable {
      if constexpr (std::invocable<F&, ThreadFuture>) {
        function(future);
      } else {
        function();
      }
    });
  }

 private:
  template <class U>
  friend ThreadFuture<U> run_coroutine_threadsafe(Coro<U>, EventLoop&, TaskOptions, std::source_location);
  explicit ThreadFuture(Ref<detail::ThreadStateOf<T>> state) noexcept : state_(std::move(state)) {
    state_->add_handle();
  }
  detail::ThreadStateOf<T>& state() const {
    if (!state_) [[unlikely]]
      detail::throw_no_thread_future();
    return *state_;
  }
  detail::Viewed<T> read(std::optional<Duration> timeout) {
    state().require_value(timeout);
    return detail::view<T>(*state_->value);
  }
  T take(std::optional<Duration> timeout) {
    state().require_value(timeout);
    return detail::unwrap<T>(std::move(*state_->value));
  }
  Ref<detail::ThreadStateOf<T>> state_;
};

// Runs `coro` as a task of a loop that runs in another thread. Any thread.
// Throws std::runtime_error "Event loop is closed"; the coroutine is destroyed then. Throws InvalidStateError for a
// coroutine that was moved from. If the loop closes before the coroutine is finished, the future is cancelled.
template <class T>
ThreadFuture<T> run_coroutine_threadsafe(Coro<T> coro, EventLoop& loop, TaskOptions options = {},
                                         std::source_location where = std::source_location::current()) {
  detail::CoroAccess::require_awaitable(coro);
  Ref<detail::ThreadStateOf<T>> state(new detail::ThreadStateOf<T>(loop));
  ThreadFuture<T> future(state);
  detail::submit(loop, *new detail::CoroSubmission<T>(Ref<detail::ThreadState>(state.get()), std::move(coro),
                                                      std::move(options), where));
  return future;
}
// The same for a callable that makes the coroutine; it is called here, and kept alive until the coroutine ends.
template <detail::CoroutineFunction F>
auto run_coroutine_threadsafe(F function, EventLoop& loop, TaskOptions options = {},
                              std::source_location where = std::source_location::current()) {
  detail::require_callable(function, "run_coroutine_threadsafe");
  return run_coroutine_threadsafe(detail::call_and_keep<detail::CoroutineValue<F>>(std::move(function)), loop,
                                  std::move(options), where);
}

}  // namespace heed

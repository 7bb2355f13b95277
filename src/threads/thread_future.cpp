#include "heed/threads/thread_future.hpp"

#include "heed/core/close_listener.hpp"
#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/core/mailbox.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/log.hpp"

namespace heed::detail {

namespace {

// The failure of a thread future in the books of the loop: live until the other side has read it or cannot any more.
class ThreadFailure final : public FutureOf<void> {
 public:
  ThreadFailure(Scheduler& loop, const std::source_location& where, Ref<ThreadState> state)
      : FutureOf<void>(loop, where), state_(std::move(state)) {}
  const char* class_name() const noexcept override { return "ThreadFuture"; }
  FailureOrigin origin() const noexcept override { return FailureOrigin::thread; }

 private:
  bool retrieved_elsewhere() const noexcept override { return state_->was_read(); }
  Ref<ThreadState> state_;
};

}  // namespace

// The loop's side of a thread future; lives on the loop's thread.
class ThreadBridge final : private CloseListener {
 public:
  ThreadBridge(LoopCore& loop, Ref<ThreadState> state) : loop_(loop), state_(std::move(state)) {
    loop_.retain();
    loop_.add_close_listener(*this);
    state_->bridge = this;
  }
  ~ThreadBridge() {
    state_->bridge = nullptr;
    loop_.remove_close_listener(*this);
    failure_ = {};
    task_ = {};
    loop_.release();
  }
  ThreadBridge(const ThreadBridge&) = delete;
  ThreadBridge& operator=(const ThreadBridge&) = delete;

  void watch(AnyTask task) {
    task_ = std::move(task);
    task_.add_done_callback([this] { task_done(); });
  }

  // The task could not be made. May delete this.
  void task_failed(std::exception_ptr failure) {
    if (pass_failure(std::move(failure), 0, std::source_location())) end();
  }

  void cancel_task() {
    if (task_) task_.cancel();
  }

  // The failure was read, or all handles are gone.
  void settle() {
    if (failure_) end();
  }

 private:
  void task_done() {
    if (pass_end()) end();
  }

  // Hands over how the task ended. False when that is a failure which is still to be read.
  bool pass_end() {
    FutureState& task = task_.state();
    if (task.has_value()) {
      try {
        state_->store(task);
      } catch (...) {
        return pass_failure(std::current_exception(), 0, task.created_at());
      }
      state_->finish(ThreadState::Status::value, nullptr);
      return true;
    }
    if (task.status() == FutureStatus::cancelled) {
      state_->finish(ThreadState::Status::cancelled, nullptr);
      return true;
    }
    if (state_->status() == ThreadState::Status::cancelled) return true;  // the failure stays with the task
    std::uint64_t cause = task.failure() ? task.failure()->id : 0;
    return pass_failure(task.take_exception(), cause, task.created_at());
  }

  bool pass_failure(std::exception_ptr failure, std::uint64_t cause, const std::source_location& where) {
    if (!state_->finish(ThreadState::Status::failed, failure)) {
      report_unseen(std::move(failure));
      return true;
    }
    bool leaves_loop = find<KeyboardInterrupt>(failure) || find<SystemExit>(failure);
    auto* holder = new ThreadFailure(loop_, where, state_);
    failure_ = AnyFuture::share(*holder);
    holder->finish_failed(std::move(failure));
    if (FailureRecord* record = holder->failure()) {
      record->cause_id = cause;
      if (task_) record->task_name = task_.name();
      // It leaves run_forever() as well, so somebody gets it.
      if (leaves_loop) loop_.ledger.settle(*record, Disposition::retrieved);
    }
    return state_->nobody_waits() || state_->was_read();
  }

  void report_unseen(std::exception_ptr failure) {
    ErrorContext context;
    context.message = "ThreadFuture exception was never retrieved";
    loop_.report_failure(std::move(failure), FailureOrigin::thread, context);
  }

  void loop_closing() noexcept override {
    if (!failure_ && task_ && task_.done()) pass_end();  // only the word of it was still on its way
    state_->finish(ThreadState::Status::cancelled, nullptr);
    end();
  }

  void end() noexcept {
    if (failure_ && state_->was_read()) failure_.state().take_exception();
    delete this;
  }

  LoopCore& loop_;
  Ref<ThreadState> state_;
  AnyTask task_;
  AnyFuture failure_;
};

// --- the state -------------------------------------------------------------------------------------------------------

ThreadState::ThreadState(EventLoop& loop) : mailbox_(loop.core().shared_mailbox()), loop_(&loop.core()) {}

ThreadState::~ThreadState() = default;

ThreadState::Status ThreadState::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

ThreadState::Status ThreadState::wait(std::optional<Duration> timeout) const {
  std::unique_lock lock(mutex_);
  auto is_done = [this] { return status_ != Status::pending; };
  if (!is_done()) {
    if (running_scheduler == loop_)
      throw std::runtime_error("ThreadFuture: waiting on the thread of its own loop would never end");
    constexpr Duration longest = std::chrono::hours(24 * 365);  // keeps clear of overflow in the wait
    if (!timeout || *timeout > longest) {
      done_.wait(lock, is_done);
    } else if (!done_.wait_for(lock, *timeout, is_done)) {
      throw TimeoutError("ThreadFuture: no result in time");
    }
  }
  return status_;
}

std::exception_ptr ThreadState::take_failure() {
  bool first = false;
  std::exception_ptr failure;
  {
    std::lock_guard lock(mutex_);
    first = !std::exchange(read_, true);
    failure = failure_;
  }
  if (first)
    tell_loop([](ThreadState& state) {
      if (state.bridge) state.bridge->settle();
    });
  return failure;
}

std::exception_ptr ThreadState::exception(std::optional<Duration> timeout) {
  switch (wait(timeout)) {
    case Status::failed: return take_failure();
    case Status::cancelled: throw CancelledError();
    default: return nullptr;
  }
}

void ThreadState::require_value(std::optional<Duration> timeout) {
  if (std::exception_ptr failure = exception(timeout)) std::rethrow_exception(std::move(failure));
}

bool ThreadState::cancel() {
  std::vector<Callback> callbacks;
  {
    std::lock_guard lock(mutex_);
    if (status_ != Status::pending) return false;
    status_ = Status::cancelled;
    callbacks.swap(callbacks_);
  }
  done_.notify_all();
  tell_loop([](ThreadState& state) {
    if (state.bridge) state.bridge->cancel_task();
  });
  run_callbacks(std::move(callbacks));
  return true;
}

void ThreadState::add_callback(Callback callback) {
  {
    std::lock_guard lock(mutex_);
    if (status_ == Status::pending) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  std::vector<Callback> now;
  now.push_back(std::move(callback));
  run_callbacks(std::move(now));
}

bool ThreadState::finish(Status end, std::exception_ptr failure) {
  std::vector<Callback> callbacks;
  {
    std::lock_guard lock(mutex_);
    if (status_ != Status::pending) return false;
    status_ = end;
    failure_ = std::move(failure);
    callbacks.swap(callbacks_);
  }
  done_.notify_all();
  run_callbacks(std::move(callbacks));
  return true;
}

void ThreadState::run_callbacks(std::vector<Callback> callbacks) noexcept {
  for (Callback& callback : callbacks) {
    try {
      callback();
    } catch (...) {
      if (running_scheduler == loop_ && running_scheduler) {
        running_scheduler->core().report_callback_failure(std::current_exception(), "of a ThreadFuture");
      } else {
        log(LogRecord{LogLevel::error, "Exception in callback of a ThreadFuture", std::current_exception()});
      }
    }
  }
}

bool ThreadState::was_read() const {
  std::lock_guard lock(mutex_);
  return read_;
}

void ThreadState::drop_handle() noexcept {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (status() != Status::failed) return;  // the loop looks for handles itself when a failure comes
  tell_loop([](ThreadState& state) {
    if (state.bridge && state.nobody_waits()) state.bridge->settle();
  });
}

namespace {
class StateLetter final : public Letter {
 public:
  StateLetter(ThreadState& state, void (*action)(ThreadState&)) : state_(&state), action_(action) {}
  void run(LoopCore&) override {
    action_(*state_);
    delete this;
  }
  void discard() noexcept override {
    action_(*state_);
    delete this;
  }

 private:
  Ref<ThreadState> state_;
  void (*action_)(ThreadState&);
};
}  // namespace

void ThreadState::tell_loop(void (*action)(ThreadState&)) noexcept {
  try {
    auto* letter = new StateLetter(*this, action);
    if (!mailbox_->post(*letter)) delete letter;  // the loop is closed: it has settled everything
  } catch (const std::bad_alloc&) {               // what is left is settled when the loop closes
  }
}

// --- the submission --------------------------------------------------------------------------------------------------

void Submission::run(LoopCore& loop) {
  if (state_->status() != ThreadState::Status::pending) {  // cancelled on the way
    delete this;
    return;
  }
  ThreadBridge* bridge = nullptr;
  try {
    bridge = new ThreadBridge(loop, state_);
  } catch (...) {  // no memory: the thread must not wait for ever, and the loop tells it
    state_->finish(ThreadState::Status::failed, std::current_exception());
    delete this;
    throw;
  }
  try {
    ContextScope scope(context_);
    bridge->watch(make_task(*loop.facade()));
  } catch (...) {
    bridge->task_failed(std::current_exception());
  }
  delete this;
}

void Submission::discard() noexcept {
  state_->finish(ThreadState::Status::cancelled, nullptr);
  delete this;
}

void submit(EventLoop& loop, Letter& letter) {
  if (loop.core().mailbox().post(letter)) return;
  letter.discard();
  throw_loop_closed();
}

void throw_no_thread_future() { throw InvalidStateError("the thread future was moved from"); }

}  // namespace heed::detail

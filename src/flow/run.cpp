#include "heed/flow/run.hpp"

#include <cstdio>

#include "heed/core/loop_core.hpp"
#include "heed/core/platform.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/log.hpp"
#include "heed/flow/async_generator.hpp"

namespace heed {

namespace {

// The first interrupt cancels the main task, the second one stops the loop.
class MainInterrupts final : detail::InterruptListener {
 public:
  MainInterrupts(detail::LoopCore& core, const AnyTask& task, bool wanted) : core_(core), task_(task) {
    if (wanted) watch_ = platform::watch_interrupts(core.poller());
    core_.listen_to_interrupts(watch_.get(), this);
  }
  ~MainInterrupts() { core_.listen_to_interrupts(nullptr, nullptr); }
  MainInterrupts(const MainInterrupts&) = delete;
  MainInterrupts& operator=(const MainInterrupts&) = delete;

  bool any() const noexcept { return watch_ && watch_->interrupts() != 0; }

 private:
  void interrupted(unsigned count) override {
    if (count == 1 && !task_.done()) {
      task_.state().cancel(detail::make_reason(CancelSource::interrupt, "", std::source_location()));
    } else {
      core_.note_interrupt(std::make_exception_ptr(KeyboardInterrupt()));
    }
  }

  detail::LoopCore& core_;
  const AnyTask& task_;
  std::unique_ptr<platform::InterruptWatch> watch_;
};

std::string in_seconds(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", std::chrono::duration<double>(duration).count());
  return text;
}

// Ends a wait for tasks that shut down.
class ShutdownInterrupts final : detail::InterruptListener {
 public:
  ShutdownInterrupts(detail::LoopCore& core, Future<void> wait, bool wanted) : core_(core), wait_(std::move(wait)) {
    if (wanted) watch_ = platform::watch_interrupts(core.poller());
    core_.listen_to_interrupts(watch_.get(), this);
  }
  ~ShutdownInterrupts() { core_.listen_to_interrupts(nullptr, nullptr); }
  ShutdownInterrupts(const ShutdownInterrupts&) = delete;
  ShutdownInterrupts& operator=(const ShutdownInterrupts&) = delete;

  bool any() const noexcept { return watch_ && watch_->interrupts() != 0; }

 private:
  void interrupted(unsigned) override {
    if (!wait_.done()) wait_.set_result();
  }

  detail::LoopCore& core_;
  Future<void> wait_;
  std::unique_ptr<platform::InterruptWatch> watch_;
};

// Runs the loop until all are done, the time is over or SIGINT comes. Returns the first interrupt that came, by signal
// or out of a task.
std::exception_ptr run_until_all_done(EventLoop& loop, std::vector<AnyTask>& tasks, Duration timeout,
                                      bool interruptible) {
  Future<void> over = loop.create_future<void>();
  auto left = std::make_shared<std::size_t>(tasks.size());  // a task that refuses outlives the wait
  auto finish = [over]() mutable {
    if (!over.done()) over.set_result();
  };
  for (AnyTask& task : tasks) {
    task.add_done_callback([left, finish]() mutable {
      if (--*left == 0) finish();
    });
  }
  TimerHandle deadline;
  if (timeout > Duration::zero()) deadline = loop.call_later(timeout, finish);
  ShutdownInterrupts interrupts(loop.core(), over, interruptible);
  std::exception_ptr interrupt;
  while (!over.done()) {
    try {
      loop.run_until_done(over.state());
    } catch (const BaseException&) {                         // raised by a task
      std::exception_ptr raised = std::current_exception();  // perhaps the same again, by a task that awaited the first
      if (interrupt && raised != interrupt) last_resort("another interrupt during shutdown", raised);
      if (!interrupt) interrupt = raised;
    } catch (const std::system_error&) {  // the poller failed: waiting on would not help
      throw;
    } catch (const std::runtime_error&) {  // a task called stop(): not now
      if (over.done()) throw;
    }
  }
  deadline.cancel();
  if (!interrupt && interrupts.any()) interrupt = std::make_exception_ptr(KeyboardInterrupt());
  return interrupt;
}

void report_leftover(EventLoop& loop, const AnyTask& task, Duration timeout, bool interrupted) {
  ErrorContext context;
  context.task = task;
  if (!task.done()) {
    context.message =
        interrupted ? "Task had not ended when heed::run() shutdown was interrupted"
                    : "Task did not end within " + in_seconds(timeout) + " of its cancellation by heed::run() shutdown";
    loop.core().report(context);
    static_cast<detail::TaskState&>(task.state()).skip_pending_report();
    return;
  }
  FailureRecord* failure = task.state().failure();
  if (!failure || failure->disposition != Disposition::live) return;
  context.message = "unhandled exception during heed::run() shutdown";
  context.exception = failure->exception();
  context.record = failure;
  loop.core().report(context);
  loop.core().ledger.settle(*failure, Disposition::reported);
}

}  // namespace

Runner::Runner(RunOptions options) : options_(std::move(options)) {}

Runner::~Runner() {
  try {
    close();
  } catch (...) {
    last_resort("exception while a Runner was closed", std::current_exception());
  }
}

EventLoop& Runner::get_loop() {
  if (closed_) throw std::runtime_error("Runner is closed");
  if (!loop_) {
    loop_ = options_.loop_factory_ ? options_.loop_factory_() : std::make_unique<EventLoop>();
    if (!loop_) throw std::invalid_argument("Runner: the loop factory returned null");
    if (options_.debug_) loop_->set_debug(*options_.debug_);
  }
  return *loop_;
}

void Runner::check_can_run() {
  if (detail::running_scheduler) throw std::runtime_error("heed::run() cannot be called from a running event loop");
  get_loop();
}

void Runner::run_main(const AnyTask& task) {
  MainInterrupts interrupts(loop_->core(), task, options_.handle_interrupts_);
  try {
    loop_->run_until_done(task.state());
  } catch (const BaseException&) {
    interrupt_ = std::current_exception();
    throw;
  }
  if (!interrupts.any() || task.state().failure()) return;
  // Main was cancelled by the interrupt, or swallowed it: either way somebody pressed Ctrl-C. (A cancellation that was
  // requested by somebody else as well comes out as what it is.)
  if (task.cancelled() && task.uncancel() != 0) return;
  throw KeyboardInterrupt();
}

void Runner::cancel_all_tasks() {
  std::vector<AnyTask> tasks = all_tasks(*loop_);
  if (tasks.empty()) return;
  loop_->core().check_runnable();  // closed inside another running loop: nothing can be waited for
  for (AnyTask& task : tasks)
    task.state().cancel(detail::make_reason(CancelSource::shutdown, "", std::source_location()));
  std::exception_ptr interrupt =
      run_until_all_done(*loop_, tasks, options_.shutdown_timeout_, options_.handle_interrupts_);
  if (interrupt == interrupt_) interrupt = nullptr;
  for (AnyTask& task : tasks) report_leftover(*loop_, task, options_.shutdown_timeout_, interrupt != nullptr);
  if (interrupt) std::rethrow_exception(interrupt);
}

// In a task of its own: what the generators await goes on as in any other.
void Runner::close_generators() {
  if (!loop_->core().open_generators.last()) return;
  loop_->core().check_runnable();
  std::vector<AnyTask> task{loop_->create_task(shutdown_asyncgens(), named("shutdown_asyncgens"))};
  std::exception_ptr interrupt =
      run_until_all_done(*loop_, task, options_.shutdown_timeout_, options_.handle_interrupts_);
  report_leftover(*loop_, task.front(), options_.shutdown_timeout_, interrupt != nullptr);
  if (interrupt) std::rethrow_exception(interrupt);
}

void Runner::close() {
  if (std::exchange(closed_, true) || !loop_) return;
  std::exception_ptr interrupt;
  try {
    if (!loop_->is_closed()) {
      cancel_all_tasks();
      close_generators();
    }
  } catch (...) {
    interrupt = std::current_exception();
  }
  loop_->close();
  if (interrupt) std::rethrow_exception(interrupt);
}

}  // namespace heed

#include "heed/core/loop_core.hpp"

#include <algorithm>
#include <cstdio>

#include "heed/core/close_listener.hpp"
#include "heed/core/error_context.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/fd_table.hpp"
#include "heed/core/mailbox.hpp"
#include "heed/core/platform.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/log.hpp"
#include "heed/failure/report.hpp"

namespace heed::detail {

namespace {

// The kernel is asked when nothing is ready, and after this many callbacks: a look costs as much as 30 of them.
constexpr unsigned callbacks_between_polls = 64;

std::uint64_t next_loop_id() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// How often destructors and handlers may start something new while the loop closes, before it is refused.
constexpr unsigned most_rounds = 100;

// Its address is a different one in each thread.
constinit thread_local char thread_marker = 0;

class RunningHere {
 public:
  explicit RunningHere(Scheduler& scheduler) noexcept : outer_(std::exchange(running_scheduler, &scheduler)) {}
  ~RunningHere() { running_scheduler = outer_; }
  RunningHere(const RunningHere&) = delete;
  RunningHere& operator=(const RunningHere&) = delete;

 private:
  Scheduler* outer_;
};

}  // namespace

LoopCore::LoopCore(EventLoop& facade, std::unique_ptr<Poller> poller, Clock& clock)
    : loop_id_(next_loop_id()),
      facade_(&facade),
      poller_(std::move(poller)),
      clock_(clock),
      mailbox_(new Mailbox(*poller_)),
      fds_(new FdTable(*this, *poller_)) {}

LoopCore::~LoopCore() {
  while (Runnable* runnable = ready.pop()) runnable->discard();
}

LoopCore& core_of_running_loop() {
  if (!running_scheduler) throw std::runtime_error("no running event loop");
  return running_scheduler->core();
}

void throw_loop_closed() { throw std::runtime_error("Event loop is closed"); }

void LoopCore::check_open() const {
  if (closed_) throw_loop_closed();
}

void LoopCore::check_runnable() const {
  check_open();
  if (closing_) throw_loop_closed();
  if (running()) throw std::runtime_error("This event loop is already running");
  if (running_scheduler) throw std::runtime_error("Cannot run the event loop while another loop is running");
}

bool LoopCore::on_other_thread() const noexcept {
  const void* thread = running_thread_.load(std::memory_order_relaxed);
  return thread && thread != &thread_marker;
}

void LoopCore::check_thread() const {
  if (debug_ && on_other_thread())
    throw std::runtime_error("Non-thread-safe operation invoked on an event loop other than the current one");
}

// --- running ---------------------------------------------------------------------------------------------------------

void LoopCore::run_forever() {
  check_runnable();
  {
    RunningHere here(*this);
    // However it is left: the poller may throw.
    struct ThreadHere {
      explicit ThreadHere(LoopCore& core) noexcept : core_(core) {
        core_.running_thread_.store(&thread_marker, std::memory_order_relaxed);
      }
      ~ThreadHere() {
        core_.running_thread_.store(nullptr, std::memory_order_relaxed);
        core_.stopping_ = false;
      }
      LoopCore& core_;
    } thread_here(*this);
    measure_stack();
    outer_context = context_slot;
    do {
      run_once();
    } while (!stopping_ && !interrupt_);
  }
  if (interrupt_) std::rethrow_exception(take_interrupt());
}

std::exception_ptr LoopCore::take_interrupt() noexcept {
  attention_ = debug_;
  return std::exchange(interrupt_, nullptr);
}

void LoopCore::run_once() {
  if (ready.empty()) {
    poll(time_to_sleep());
  } else if (callbacks_since_poll_ >= callbacks_between_polls) {
    look_around();
  } else if (!mailbox_->empty()) {
    mailbox_->empty_into(ready);
  }
  batch_.take_all(ready);  // what they add runs in the next iteration
  for (;;) {
    try {
      return run_batch();
    } catch (...) {  // no memory for a callback from another thread: the rest goes on
      report_callback_failure(std::current_exception(), "event loop");
    }
  }
}

void LoopCore::run_batch() {
  while (Runnable* runnable = batch_.pop()) {
    __builtin_prefetch(batch_.front());
    ++callbacks_since_poll_;
    if (attention_ && debug_) [[unlikely]] {
      run_one(*runnable);
    } else {
      runnable->run(*this);
    }
    if (attention_ && interrupt_) [[unlikely]] {  // the rest waits for the next run
      batch_.take_all(ready);
      ready.take_all(batch_);
      return;
    }
  }
}

void LoopCore::run_one(Runnable& runnable) {
  std::string what = "a callback";
  try {
    if (auto* task = dynamic_cast<TaskState*>(&runnable)) what = "Task '" + task->name() + "'";
    if (auto* call = dynamic_cast<ScheduledCall*>(&runnable)) what = call->describe();
  } catch (const std::bad_alloc&) {  // it runs all the same
  }
  TimePoint start = now();
  runnable.run(*this);
  Duration duration = now() - start;
  if (duration < slow_callback_duration) return;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", std::chrono::duration<double>(duration).count());
  log(LogRecord{LogLevel::warning, "Executing " + what + " took " + seconds + " seconds", nullptr});
}

Duration LoopCore::time_to_sleep() {
  if (stopping_ || !mailbox_->empty()) return Duration::zero();
  FailureRecord* oldest = unretrieved_grace > Duration::zero() ? ledger.oldest_fresh() : nullptr;
  if (timers_.empty() && !oldest) return Duration::max();
  TimePoint time = now();
  if (!timers_.empty() && timers_.soonest() <= time) return Duration::zero();
  Duration sleep = timers_.empty() ? Duration::max() : timers_.soonest() - time;
  if (oldest) sleep = std::min(sleep, oldest->time + unretrieved_grace - time.time_since_epoch());
  return std::max(sleep, Duration::zero());
}

void LoopCore::poll(Duration timeout) {
  if (timeout != Duration::zero() && !mailbox_->fall_asleep()) timeout = Duration::zero();
  std::size_t count = poller_->wait(timeout, events_);
  mailbox_->awake();
  callbacks_since_poll_ = 0;
  if (!mailbox_->empty()) mailbox_->empty_into(ready);
  for (std::size_t i = 0; i < count; ++i) fds_->dispatch(events_[i]);
  collect_due();
}

// While there is always something ready. The kernel is asked only when somebody waits for a descriptor.
void LoopCore::look_around() {
  if (fds_->size() != 0) return poll(Duration::zero());
  callbacks_since_poll_ = 0;
  if (!mailbox_->empty()) mailbox_->empty_into(ready);
  collect_due();
}

void LoopCore::collect_due() {
  if (interrupt_watch_) check_interrupts();
  if (timers_.empty() && !ledger.oldest_fresh()) return;
  TimePoint time = now();
  timers_.expire(time, ready);
  report_held_failures(time);
}

void LoopCore::report_held_failures(TimePoint time) noexcept {
  if (unretrieved_grace <= Duration::zero()) return;
  while (FailureRecord* oldest = ledger.oldest_fresh()) {
    if (oldest->time + unretrieved_grace > time.time_since_epoch()) return;
    static_cast<FutureState*>(oldest->holder)->report_provisionally();
  }
}

void LoopCore::listen_to_interrupts(platform::InterruptWatch* watch, InterruptListener* listener) noexcept {
  interrupt_watch_ = watch;
  interrupt_listener_ = listener;
  interrupts_seen_ = 0;
}

void LoopCore::check_interrupts() {
  while (interrupt_watch_ && interrupts_seen_ < interrupt_watch_->interrupts())
    interrupt_listener_->interrupted(++interrupts_seen_);
}

// --- the end ---------------------------------------------------------------------------------------------------------

void LoopCore::close() {
  if (running()) throw std::runtime_error("Cannot close a running event loop");
  if (closed_ || std::exchange(closing_, true)) return;
  {
    RunningHere here(*this);  // destructors of coroutines may use the loop
    mailbox_->close(ready);
    // What is destroyed may add more: until nothing is left.
    std::size_t dropped = 0;
    while (std::size_t count = discard_callbacks() + abandon_tasks()) dropped += count;
    if (debug_ && dropped != 0) {
      char text[96];
      std::snprintf(text, sizeof text, "Event loop closed with %zu callbacks, timers and tasks pending", dropped);
      log(LogRecord{LogLevel::warning, text, nullptr});
    }
    while (first_listener_) first_listener_->loop_closing();
    open_generators.forget_all();
    fds_->clear();
    sweep_failures();
    // From here on nothing new is accepted; what the exception handler started meanwhile goes the same way.
    set_closed();
    while (discard_callbacks() + abandon_tasks() != 0 || first_listener_ || ledger.any_live()) {
      while (first_listener_) first_listener_->loop_closing();
      sweep_failures();
    }
  }
  set_closed();
  if (interrupt_) last_resort("an interrupt was raised while the loop was closed", take_interrupt());
}

std::size_t LoopCore::discard_callbacks() noexcept {
  std::size_t count = 0;
  ready.take_all(batch_);
  for (; Runnable* runnable = ready.pop(); ++count) {
    if (!dynamic_cast<TaskState*>(runnable)) runnable->discard();
  }
  while (timers_.size() > 0) {
    Timer* timer = timers_.pop();
    if (dynamic_cast<ScheduledCall*>(timer)) ++count;
    timer->discard();
  }
  return count;
}

// In order of creation; those that are created meanwhile come at the end of the list.
std::size_t LoopCore::abandon_new_tasks() noexcept {
  std::size_t count = 0;
  if (!last_task() || last_task()->abandoned()) return 0;
  for (TaskState* task = first_task(); task; task = task->next_task) {
    if (task->abandoned()) continue;
    task->abandon();
    ++count;
  }
  return count;
}

std::size_t LoopCore::abandon_tasks() noexcept {
  std::size_t count = 0;
  for (unsigned rounds = 0; first_task(); ++rounds) {
    if (rounds == most_rounds) set_closed();  // each report of a destroyed task makes the handler start another one
    // A task is let go when no list but this one links it: what runs meanwhile (destructors, the exception handler) may
    // have made it ready again, or have created others.
    count += abandon_new_tasks();
    count += discard_callbacks();
    while (first_task() && last_task()->abandoned() && ready.empty()) first_task()->end_abandoned();
  }
  return count;
}

void LoopCore::add_close_listener(CloseListener& listener) noexcept {
  listener.next_listener = first_listener_;
  listener.previous_listener = nullptr;
  if (first_listener_) first_listener_->previous_listener = &listener;
  first_listener_ = &listener;
}

void LoopCore::remove_close_listener(CloseListener& listener) noexcept {
  (listener.previous_listener ? listener.previous_listener->next_listener : first_listener_) = listener.next_listener;
  if (listener.next_listener) listener.next_listener->previous_listener = listener.previous_listener;
}

void LoopCore::sweep_failures() noexcept {
  while (FailureRecord* record = ledger.any_live()) {
    AnyFuture keep = AnyFuture::share(*static_cast<FutureState*>(record->holder));
    keep.state().report_unretrieved();
  }
}

namespace {
class ReleaseLetter final : public Letter {
 public:
  explicit ReleaseLetter(FutureState& future) : future_(future) {}
  void run(LoopCore&) override { finish(); }
  void discard() noexcept override { finish(); }

 private:
  void finish() noexcept {
    FutureState& future = future_;
    delete this;
    future.release();
  }
  FutureState& future_;
};
}  // namespace

bool LoopCore::post_release(FutureState& future) noexcept {
  auto* letter = new (std::nothrow) ReleaseLetter(future);
  if (!letter) return true;  // rather a leak than a use from the wrong thread; the failure is swept at close
  try {
    if (mailbox_->post(*letter)) return true;
  } catch (...) {
    return true;
  }
  delete letter;
  return false;
}

// --- failures --------------------------------------------------------------------------------------------------------

FailureRecord* LoopCore::open_failure(std::exception_ptr exception, FailureOrigin origin) noexcept {
  bool follows = trail.follows(exception);
  FailureBirth birth{origin, follows ? trail.cause_id() : 0, loop_id_, now().time_since_epoch()};
  FailureRecord* record = ledger.open(std::move(exception), birth);
  if (record && follows) {
    try {
      record->await_chain = trail.chain();
      record->notes = trail.notes();
    } catch (const std::bad_alloc&) {
    }
  }
  return record;
}

void LoopCore::report(const ErrorContext& context) noexcept {
  try {
    if (facade_) {
      facade_->call_exception_handler(context);
      return;
    }
    // The loop object is gone: the handler went with it.
    log(LogRecord{LogLevel::error, context.message, context.exception,
                  render(Report{context.message, context.exception, context.record, {}})});
  } catch (...) {
    if (note_interrupt(std::current_exception())) return;
    last_resort(context.message, context.exception);  // what was to be told
    last_resort("a report failed", std::current_exception());
  }
}

void LoopCore::report_failure(std::exception_ptr exception, FailureOrigin origin, ErrorContext& context) noexcept {
  FailureRecord* record = open_failure(exception, origin);
  if (!record) return;  // told to the last resort
  try {
    if (current_task) {
      record->task_id = current_task->id();
      record->task_name = current_task->name();
    }
  } catch (const std::bad_alloc&) {
  }
  context.exception = std::move(exception);
  context.record = record;
  report(context);
  ledger.settle(*record, Disposition::reported);
  context.record = nullptr;
  ledger.close(record);
}

void LoopCore::report_callback_failure(std::exception_ptr exception, ScheduledCall& call) noexcept {
  if (note_interrupt(exception)) return;
  ErrorContext context;
  context.handle = HandleAccess::handle(call);
  try {
    context.message = "Exception in callback " + call.describe();
    if (debug_) context.source_traceback = call.created_at();
  } catch (const std::bad_alloc&) {
  }
  report_failure(std::move(exception), FailureOrigin::callback, context);
}

namespace {
// A handle in reports about callbacks that have none of their own.
class DescribedCall final : public ScheduledCall {
 public:
  DescribedCall(LoopCore& loop, std::string text)
      : ScheduledCall(loop, nullptr, std::source_location()), text_(std::move(text)) {}
  std::string describe() const override { return text_; }

 private:
  void call() override {}
  void drop_function() noexcept override {}
  std::string text_;
};
}  // namespace

void LoopCore::report_callback_failure(std::exception_ptr exception, const std::string& description) noexcept {
  if (note_interrupt(exception)) return;
  ErrorContext context;
  try {
    context.message = "Exception in callback " + description;
    context.handle = HandleAccess::handle(*new DescribedCall(*this, description));
  } catch (const std::bad_alloc&) {
  }
  report_failure(std::move(exception), FailureOrigin::callback, context);
}

void LoopCore::note_handler_failure(const std::exception_ptr& exception) noexcept {
  FailureRecord* record = open_failure(exception, FailureOrigin::exception_handler);
  if (!record) return;
  ledger.settle(*record, Disposition::reported);
  ledger.close(record);
}

bool LoopCore::note_interrupt(const std::exception_ptr& exception) noexcept {
  if (!find<KeyboardInterrupt>(exception) && !find<SystemExit>(exception)) return false;
  if (interrupt_ == exception) return true;  // raised again on its way
  if (interrupt_) {
    last_resort("a second interrupt while one was on its way", exception);
  } else {
    interrupt_ = exception;
    attention_ = true;
  }
  return true;
}

// --- descriptors -----------------------------------------------------------------------------------------------------

void LoopCore::set_fd_callback(int fd, bool reading, const Handle& handle) { fds_->set_callback(fd, reading, handle); }
bool LoopCore::remove_fd_callback(int fd, bool reading) { return fds_->remove_callback(fd, reading); }

}  // namespace heed::detail

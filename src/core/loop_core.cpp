#include "heed/core/loop_core.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "heed/core/event_loop.hpp"
#include "heed/core/fd_table.hpp"
#include "heed/core/mailbox.hpp"
#include "heed/core/platform.hpp"
#include "heed/core/running_here.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/log.hpp"

namespace heed::detail {

namespace {

// The kernel is asked when nothing is ready, and after this many callbacks: a look costs as much as 30 of them.
constexpr unsigned callbacks_between_polls = 64;

std::uint64_t next_loop_id() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// Its address is a different one in each thread.
constinit thread_local char thread_marker = 0;

// The next but one, ahead of time: two steps take about as long as its memory. A task has what a step needs in the
// first 64 bytes, which may be of two cache lines.
[[gnu::always_inline]] inline void fetch_ahead(const Runnable* next) noexcept {
  if (!next || !next->next) return;
  __builtin_prefetch(next->next);
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(next->next) + 56));
}

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

std::exception_ptr LoopCore::take_interrupt() noexcept { return std::exchange(interrupt_, nullptr); }

// What else there is to do than what is ready. True: everything was looked for.
[[gnu::noinline]] bool LoopCore::look_outside(unsigned since_poll) {
  if (ready.empty()) {
    poll(time_to_sleep());
  } else if (since_poll >= callbacks_between_polls) {
    look_around();
  } else {
    mailbox_->empty_into(ready);
    return false;
  }
  return true;
}

inline void LoopCore::run_batch(unsigned& since_poll) {
  Runnable* runnable = batch_.front();
  for (;;) {
    if (attention) [[unlikely]] {
      current_task = nullptr;
      if (!attend()) {
        since_poll = callbacks_between_polls;  // they were not counted
        return;
      }
      runnable = batch_.front();
    }
    if (!runnable) break;
    batch_.take_front(*runnable);
    fetch_ahead(batch_.front());
    ++since_poll;
    if (runnable->is_task()) [[likely]] {
      static_cast<TaskState*>(runnable)->step(*this);
    } else {
      current_task = nullptr;
      runnable->run(*this);
    }
    runnable = batch_.front();
  }
  current_task = nullptr;
}

inline void LoopCore::run_once(unsigned& since_poll) {
  if (ready.empty() || since_poll >= callbacks_between_polls || !mailbox_->empty()) [[unlikely]]
    if (look_outside(since_poll)) since_poll = 0;
  batch_.take_all(ready);  // what they add runs in the next iteration
  for (;;) {
    try {
      return run_batch(since_poll);
    } catch (...) {  // no memory for a callback from another thread: the rest goes on
      current_task = nullptr;
      report_callback_failure(std::current_exception(), "event loop");
    }
  }
}

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
    if (interrupt_) stopping_ = true;             // it came while the loop did not run
    unsigned since_poll = callbacks_since_poll_;  // here it stays in a register
    do {
      run_once(since_poll);
    } while (!stopping_);
    callbacks_since_poll_ = since_poll;
  }
  if (interrupt_) std::rethrow_exception(take_interrupt());
}

// Before the next callback. True: it can run.
[[gnu::noinline]] bool LoopCore::attend() {
  for (;;) {
    attention = debug_ || interrupt_;
    trail.clear();
    if (interrupt_) {
      batch_.put_back(ready);  // the rest waits for the next run
      return false;
    }
    if (!debug_) return true;
    Runnable* runnable = batch_.front();
    if (!runnable) return false;
    batch_.take_front(*runnable);
    run_one(*runnable);
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
  current_task = nullptr;
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
  if (!mailbox_->empty()) mailbox_->empty_into(ready);
  fds_->dispatch({events_.data(), count});
  collect_due();
}

// While there is always something ready. The kernel is asked only when somebody waits for a descriptor.
void LoopCore::look_around() {
  if (fds_->size() != 0) return poll(Duration::zero());
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

// --- descriptors -----------------------------------------------------------------------------------------------------

void LoopCore::set_fd_callback(int fd, bool reading, const Handle& handle) { fds_->set_callback(fd, reading, handle); }
bool LoopCore::remove_fd_callback(int fd, bool reading) { return fds_->remove_callback(fd, reading); }

}  // namespace heed::detail

// The engine of an event loop, and what tasks and futures use of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>

#include "heed/core/clock.hpp"
#include "heed/core/future_state.hpp"
#include "heed/core/open_generator.hpp"
#include "heed/core/poller.hpp"
#include "heed/core/scheduler.hpp"
#include "heed/core/timer_queue.hpp"
#include "heed/failure/ledger.hpp"

namespace heed {
class EventLoop;
class Handle;
struct ErrorContext;
namespace platform {
class InterruptWatch;
}
}  // namespace heed

namespace heed::detail {

class CloseListener;
class FdTable;
class FutureState;
class Mailbox;
class ScheduledCall;
class TaskState;

class InterruptListener {
 public:
  // In the loop, between two callbacks. `count` is 1 for the first interrupt.
  virtual void interrupted(unsigned count) = 0;

 protected:
  ~InterruptListener() = default;
};

// What runs a loop. Everything that a step needs is in the scheduler.
class LoopCore : public Scheduler {
 public:
  LoopCore(EventLoop& facade, std::unique_ptr<Poller> poller, Clock& clock);
  ~LoopCore();
  LoopCore(const LoopCore&) = delete;
  LoopCore& operator=(const LoopCore&) = delete;

  // --- life --------------------------------------------------------------------------------------------------------
  void run_forever();
  void stop() noexcept { stopping_ = true; }
  void close();
  bool running() const noexcept { return running_thread_.load(std::memory_order_relaxed) != nullptr; }
  bool closed() const noexcept { return closed_; }
  // Throws std::runtime_error "Event loop is closed".
  void check_open() const;
  // Throws std::runtime_error when run_forever() would.
  void check_runnable() const;
  // In debug mode, throws when called on another thread than the loop runs on.
  void check_thread() const;
  // Any thread: the loop runs, and not here.
  bool on_other_thread() const noexcept;
  EventLoop* facade() const noexcept { return facade_; }
  void facade_is_gone() noexcept { facade_ = nullptr; }

  // --- time --------------------------------------------------------------------------------------------------------
  TimePoint now() const noexcept { return clock_.now(); }
  void arm(Timer& timer, TimePoint when) { timers_.arm(timer, when); }
  void disarm(Timer& timer) noexcept { timers_.disarm(timer); }
  // Takes out what is about to be destroyed.
  void remove_ready(Runnable& runnable) noexcept {
    if (!batch_.remove(runnable)) ready.remove(runnable);
  }

  // --- other threads -------------------------------------------------------------------------------------------------
  Mailbox& mailbox() noexcept { return *mailbox_; }
  const Ref<Mailbox>& shared_mailbox() const noexcept { return mailbox_; }
  Poller& poller() noexcept { return *poller_; }
  // Releases a future on the loop's thread. False when the loop takes no letters any more.
  bool post_release(FutureState& future) noexcept;

  // --- interrupts ----------------------------------------------------------------------------------------------------
  // Tells the listener of each interrupt that `watch` counts. Null ends it.
  void listen_to_interrupts(platform::InterruptWatch* watch, InterruptListener* listener) noexcept;

  // --- descriptors ---------------------------------------------------------------------------------------------------
  FdTable& fds() noexcept { return *fds_; }
  void set_fd_callback(int fd, bool reading, const Handle& handle);
  bool remove_fd_callback(int fd, bool reading);

  // --- the end --------------------------------------------------------------------------------------------------------
  void add_close_listener(CloseListener& listener) noexcept;
  void remove_close_listener(CloseListener& listener) noexcept;

  // Asynchronous generators that were begun here.
  OpenGenerators open_generators;

  // --- cancellation ------------------------------------------------------------------------------------------------
  // A request that is being passed on: all calls of cancel() that one call from outside leads to are one round, so
  // that what the request reaches on many paths (gathers that share children) passes it on once.
  class CancelRound {
   public:
    explicit CancelRound(LoopCore& core) noexcept : core_(core) {
      if (core_.cancel_depth_++ == 0) ++core_.cancel_round_;
    }
    ~CancelRound() { --core_.cancel_depth_; }
    CancelRound(const CancelRound&) = delete;
    CancelRound& operator=(const CancelRound&) = delete;
    std::uint64_t number() const noexcept { return core_.cancel_round_; }

   private:
    LoopCore& core_;
  };

  // --- failures ------------------------------------------------------------------------------------------------------
  Ledger ledger;
  FailureRecord* open_failure(std::exception_ptr exception, FailureOrigin origin) noexcept;
  // Tells the exception handler; nothing it does gets out, but for an interrupt, which leaves the loop.
  void report(const ErrorContext& context) noexcept;
  // A failure whose only end can be a report.
  void report_failure(std::exception_ptr exception, FailureOrigin origin, ErrorContext& context) noexcept;
  void report_callback_failure(std::exception_ptr exception, ScheduledCall& call) noexcept;
  // Of a callback that has no handle.
  void report_callback_failure(std::exception_ptr exception, const std::string& description,
                               const std::source_location& where = {}) noexcept;
  // An exception handler failed, and that is being told elsewhere.
  void note_handler_failure(const std::exception_ptr& exception) noexcept;
  // Whether it is a KeyboardInterrupt or SystemExit: that leaves run_forever() after the running callback.
  bool note_interrupt(const std::exception_ptr& exception) noexcept;

  bool debug() const noexcept { return debug_; }
  void set_debug(bool on) noexcept {
    debug_ = on;
    attention = true;
    update_careful_start();
  }
  void note_task_factory(bool there_is_one) noexcept {
    has_task_factory_ = there_is_one;
    update_careful_start();
  }
  Duration slow_callback_duration = std::chrono::milliseconds(100);
  Duration unretrieved_grace = std::chrono::seconds(5);

 private:
  void run_once(unsigned& since_poll);
  bool look_outside(unsigned since_poll);
  void run_batch(unsigned& since_poll);
  bool attend();
  void run_one(Runnable& runnable);
  void poll(Duration timeout);
  void look_around();
  void collect_due();
  std::exception_ptr take_interrupt() noexcept;
  Duration time_to_sleep();
  void report_held_failures(TimePoint now) noexcept;
  void check_interrupts();
  void sweep_failures() noexcept;
  std::size_t abandon_new_tasks() noexcept;
  std::size_t abandon_tasks() noexcept;
  std::size_t discard_callbacks() noexcept;

  void set_closed() noexcept {
    closed_ = true;
    update_careful_start();
  }
  void update_careful_start() noexcept { careful_start = closed_ || debug_ || has_task_factory_; }

  Batch batch_;
  TimerQueue timers_;
  std::exception_ptr interrupt_;
  std::array<PollEvent, 256> events_;
  unsigned callbacks_since_poll_ = 0;  // while the loop does not run
  bool stopping_ = false;              // also because of an interrupt
  bool closing_ = false;
  bool closed_ = false;
  bool debug_ = false;
  bool has_task_factory_ = false;
  std::atomic<const void*> running_thread_{nullptr};  // identifies the thread while the loop runs
  std::uint64_t cancel_round_ = 0;
  unsigned cancel_depth_ = 0;
  std::uint64_t loop_id_;
  EventLoop* facade_;
  std::unique_ptr<Poller> poller_;
  Clock& clock_;
  Ref<Mailbox> mailbox_;
  std::unique_ptr<FdTable> fds_;
  CloseListener* first_listener_ = nullptr;
  platform::InterruptWatch* interrupt_watch_ = nullptr;
  InterruptListener* interrupt_listener_ = nullptr;
  unsigned interrupts_seen_ = 0;
};

inline LoopCore& Scheduler::core() noexcept { return static_cast<LoopCore&>(*this); }
inline LoopCore& FutureState::loop() const noexcept { return loop_->core(); }

// The loop that runs on this thread; throws std::runtime_error "no running event loop".
LoopCore& core_of_running_loop();
[[noreturn]] void throw_loop_closed();

}  // namespace heed::detail

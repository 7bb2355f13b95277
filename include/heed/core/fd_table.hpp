// Descriptors that a loop watches.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heed/core/handle.hpp"
#include "heed/core/poller.hpp"
#include "heed/core/scheduler.hpp"
#include "heed/core/waitable.hpp"

namespace heed::detail {

struct FdWatch;

// A task waits until a descriptor is ready, once. run() comes in the iteration that finds it ready: there the task
// continues, or waits again.
class FdWaiter : public Waitable {
 public:
  // The running task, suspended in `awaiter`, waits for one direction. Throws std::system_error when that cannot be
  // watched; then it does not wait.
  void begin(PromiseBase& awaiter, FdWatch& watch, bool reading);
  CancelEffect cancel_wait(const CancelReasonRef& reason) final;
  void forget(TaskState& task) noexcept final;
  std::string describe_wait() const final;

 protected:
  ~FdWaiter() = default;
  TaskState& task() const noexcept { return *task_; }
  void continue_task(LoopCore& loop);
  void wait_again(FdWatch& watch);  // it was ready, and turned out not to be

 private:
  friend class FdTable;
  void enter(FdWatch& watch);
  bool reading_ = false;
  TaskState* task_ = nullptr;
  FdWatch* watch_ = nullptr;  // null: in the ready queue
};

// One direction of a descriptor: a callback that runs as long as it is ready, and tasks that wait for it once.
class FdDirection final : public Runnable {
 public:
  void run(LoopCore& loop) override {
    queued = false;
    Handle keep = callback;  // it may remove itself
    if (keep) HandleAccess::call(keep).call_again(loop);
  }
  void discard() noexcept override { queued = false; }

  bool queued = false;   // in the ready queue
  bool drained = false;  // the last operation took all there was: a try before the next event would be in vain ...
  bool hangup = false;   // ... unless the peer hung up, which is told once only
  Handle callback;
  RunnableList waiters;
};

struct FdWatch {
  explicit FdWatch(int descriptor) : fd(descriptor) {}
  FdDirection& direction(bool reading) noexcept { return reading ? read : write; }
  bool wants_level() const noexcept { return read.callback || write.callback; }

  int fd;
  bool stream = false;  // a stream socket, as its Descriptor found out
  Watch registered;
  FdDirection read;
  FdDirection write;
};

// Registers each descriptor once, edge-triggered, for tasks that wait; level-triggered while it has a callback.
// (Registering for each wait costs 40 % more server time for each message.)
class FdTable {
 public:
  FdTable(LoopCore& loop, Poller& poller) : loop_(loop), poller_(poller) {}
  ~FdTable();

  // The entry, registered with the poller. Throws std::system_error. Of a number that was closed and is open again
  // without the loop having been told, the new descriptor is registered; the same goes for set_callback().
  FdWatch& watch(int fd);
  FdWatch* find(int fd) noexcept {
    auto index = static_cast<std::size_t>(fd);
    return index < entries_.size() ? entries_[index].get() : nullptr;
  }
  void set_callback(int fd, bool reading, const Handle& handle);
  bool remove_callback(int fd, bool reading);
  // The descriptor is about to be closed, or was: whoever waits for it is made ready and will see.
  void forget(int fd) noexcept;

  // Makes ready what waits for these events.
  void dispatch(std::span<const PollEvent> events) noexcept;
  void clear() noexcept;
  std::size_t size() const noexcept { return size_; }

  std::string receive_buffer;  // shared by those who receive and do not know yet how much

 private:
  friend class FdWaiter;
  void dispatch(const PollEvent& event) noexcept;
  FdWatch* without_cancelled_callbacks(FdWatch& watched) noexcept;
  FdWatch& add(std::unique_ptr<FdWatch> watched);
  // Registers it for what it has callbacks and waiters for.
  void update(FdWatch& entry);
  void register_anew(FdWatch& entry);
  void wake(FdDirection& direction) noexcept;
  void wake_waiters(FdDirection& direction) noexcept;
  void erase(FdWatch& entry) noexcept;

  LoopCore& loop_;
  Poller& poller_;
  std::vector<std::unique_ptr<FdWatch>> entries_;  // by descriptor: the system gives the lowest number that is free
  std::size_t size_ = 0;
};

}  // namespace heed::detail

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
  // The running task, suspended in `awaiter`, waits at watch(). Throws std::system_error when that cannot be watched;
  // then it does not wait.
  void begin(PromiseBase& awaiter);
  CancelEffect cancel_wait(const CancelReasonRef& reason) final;
  void forget(TaskState& task) noexcept final;
  std::string describe_wait() const final;

 protected:
  explicit FdWaiter(bool reading) noexcept : reading_(reading) {}
  ~FdWaiter() = default;
  bool reading() const noexcept { return reading_; }
  // Set before it waits. Stays when the wait is over; the descriptor may be forgotten then.
  void set_watch(FdWatch& watch) noexcept { watch_ = &watch; }
  FdWatch& watch() const noexcept { return *watch_; }
  TaskState& task() const noexcept { return *task_; }
  void continue_task(LoopCore& loop);
  void wait_again();  // it was ready, and turned out not to be

 private:
  friend class FdTable;
  void enter();
  const bool reading_;
  bool entered_ = false;  // if not, and there is a task: in the ready queue
  TaskState* task_ = nullptr;
  FdWatch* watch_ = nullptr;
};

// Runs as long as its direction is ready.
class FdCallback final : public Runnable {
 public:
  explicit FdCallback(const Handle& its_handle) noexcept : handle(its_handle) {}
  void run(LoopCore& loop) override {
    queued = false;
    Handle keep = handle;  // it may remove itself
    HandleAccess::call(keep).call_again(loop);
  }
  void discard() noexcept override { queued = false; }

  bool queued = false;  // in the ready queue
  Handle handle;
};

// One direction of a descriptor: tasks that wait for it once, and perhaps a callback.
struct FdDirection {
  RunnableList waiters;
  std::unique_ptr<FdCallback> callback;
  bool drained = false;  // the last operation took all there was: a try before the next event would be in vain ...
  bool hangup = false;   // ... unless the peer hung up, which is told once only
};

// In one cache line: with a thousand connections each of them has to come from memory, for each message.
struct alignas(64) FdWatch {
  FdDirection& direction(bool reading) noexcept { return reading ? read : write; }
  bool wants_level() const noexcept { return read.callback || write.callback; }

  int fd = -1;          // none: it is unused
  bool stream = false;  // a stream socket, as its Descriptor found out
  Watch registered;
  FdDirection read;
  FdDirection write;
};
static_assert(sizeof(FdWatch) == 64);

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
    FdWatch* place = place_of(fd);
    return place && place->fd >= 0 ? place : nullptr;
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
  // Where it is, or would be; null when nothing near it is known.
  FdWatch* place_of(int fd) noexcept {
    auto index = static_cast<std::size_t>(fd);
    if (index >= places_) return nullptr;
    Piece* piece = pieces_[index / in_a_piece].get();
    return piece ? &piece->entries[index % in_a_piece] : nullptr;
  }
  FdWatch& add(FdWatch&& watched);
  // Registers it for what it has callbacks and waiters for.
  void update(FdWatch& entry);
  void register_anew(FdWatch& entry);
  void wake(FdDirection& direction) noexcept;
  void wake_waiters(FdDirection& direction) noexcept;
  void erase(FdWatch& entry) noexcept;

  LoopCore& loop_;
  Poller& poller_;
  // By descriptor: the system gives the lowest number that is free. What is there stays where it is.
  static constexpr std::size_t in_a_piece = 64;
  struct Piece {
    FdWatch entries[in_a_piece];
  };
  std::vector<std::unique_ptr<Piece>> pieces_;
  std::size_t places_ = 0;  // in the pieces, those that are not there among them
  std::size_t size_ = 0;
};

}  // namespace heed::detail

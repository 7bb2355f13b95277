// What all queues share, whatever their items: who waits, and for what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "heed/sync/event.hpp"
#include "heed/sync/waiter.hpp"

namespace heed {

// get_nowait() found nothing.
class QueueEmpty : public std::runtime_error {
 public:
  QueueEmpty() : std::runtime_error("the queue is empty") {}
  ~QueueEmpty() override;
};

// put_nowait() found no room.
class QueueFull : public std::runtime_error {
 public:
  QueueFull() : std::runtime_error("the queue is full") {}
  ~QueueFull() override;
};

// The queue was shut down: it takes no more items, or has none left.
class QueueShutDown : public std::runtime_error {
 public:
  QueueShutDown() : std::runtime_error("the queue was shut down") {}
  ~QueueShutDown() override;
};

namespace detail {

class LoopCore;
class QueueBase;

// A task that waits for an item or for room. As in asyncio it is woken, not served: when its turn comes and somebody was
// faster, it waits again, as the last in line.
class QueueWaiter : public Waiter, private Turn {
 public:
  // After it could not be served.
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;
  void forget(TaskState& task) noexcept final;

 protected:
  enum class Wants : std::uint8_t { item, room };
  QueueWaiter(QueueBase& queue, Wants wants) noexcept;
  ~QueueWaiter() { withdraw(task_); }

 private:
  friend class QueueBase;
  bool refuse_at_once(PromiseBase& awaiter, const std::source_location& site) noexcept;
  bool gets() const noexcept;  // an item; the others put one
  bool can_be_served() const noexcept;
  bool waits_again() noexcept;
  void leave(bool granted) noexcept final;
  void lose(const void* primitive) noexcept final;
  std::exception_ptr refusal() override;
  void start_turn(Scheduler& loop) noexcept;
  void run(LoopCore& loop) final;  // its turn

  QueueBase* base_;  // null: it is gone
};

class QueueGetter final : public QueueWaiter {
 public:
  template <class Operation>
  explicit QueueGetter(Operation& operation) noexcept : QueueWaiter(operation.queue(), Wants::item) {}

 private:
  std::string describe_wait() const override { return "Queue.get"; }
};

// For which the end of the queue is no error.
class EndingQueueGetter final : public QueueWaiter {
 public:
  template <class Operation>
  explicit EndingQueueGetter(Operation& operation) noexcept
      : QueueWaiter(operation.queue(), Wants::item), over_(operation.over_) {}

 private:
  std::string describe_wait() const override { return "Queue.get"; }
  std::exception_ptr refusal() override {
    over_ = true;
    return nullptr;
  }
  bool& over_;
};

class QueuePutter final : public QueueWaiter {
 public:
  template <class Operation>
  explicit QueuePutter(Operation& operation) noexcept : QueueWaiter(operation.queue(), Wants::room) {}

 private:
  std::string describe_wait() const override { return "Queue.put"; }
};

class QueueJoined final : public Event {
 public:
  QueueJoined() noexcept : Event("Queue") { set(); }
};

// Counts the items.
class QueueBase {
 public:
  QueueBase(const QueueBase&) = delete;
  QueueBase& operator=(const QueueBase&) = delete;

  // Items in the queue.
  std::size_t qsize() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  bool full() const noexcept { return size_ >= limit_; }
  // 0: without limit.
  std::size_t maxsize() const noexcept { return limit_ == unlimited ? 0 : limit_; }
  bool is_shut_down() const noexcept { return shut_down_; }

  // Of an item that was got: it is dealt with. Throws std::invalid_argument "task_done() called too many times".
  void task_done();
  // Until task_done() was called for every item that was put.
  // On cancel: ends at once.
  WaitOf<EventWait> join() noexcept { return WaitOf<EventWait>(std::in_place, joined_, "Queue.join"); }

 protected:
  explicit QueueBase(std::ptrdiff_t maxsize) noexcept
      : limit_(maxsize <= 0 ? unlimited : static_cast<std::size_t>(maxsize)) {}
  ~QueueBase() = default;

  bool has_room() const noexcept { return !shut_down_ && size_ < limit_; }
  // Before get_nowait() and put_nowait().
  void require_item() const;
  void require_room() const;
  // An item was put in (taken out): the first who waits is woken.
  void item_added() noexcept {
    ++size_;
    ++unfinished_;
    joined_.clear();
    wake_next(getters_);
  }
  void item_taken() noexcept {
    --size_;
    wake_next(putters_);
  }
  // Somebody who was woken, or who failed, left an item (room) for the next.
  void item_left() noexcept {
    if (size_ != 0) wake_next(getters_);
  }
  void room_left() noexcept {
    if (has_room()) wake_next(putters_);
  }
  static void wake_next(WaitQueue& line) noexcept {
    if (line.anyone_waits()) static_cast<QueueWaiter&>(line.first()).start_turn(*line.loop_);
  }
  // The items were dropped if `immediate`.
  void begin_shutdown(bool immediate) noexcept;

 private:
  friend class QueueWaiter;
  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

  std::size_t size_ = 0;
  std::size_t limit_;
  std::size_t unfinished_ = 0;
  bool shut_down_ = false;
  QueueJoined joined_;
  WaitQueue getters_{"Queue"};
  WaitQueue putters_{"Queue"};
};

inline QueueWaiter::QueueWaiter(QueueBase& queue, Wants wants) noexcept
    : Waiter(wants == Wants::item ? queue.getters_ : queue.putters_), base_(&queue) {}

inline bool QueueWaiter::begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
  if (base_->shut_down_) [[unlikely]]
    return refuse_at_once(awaiter, site);
  return Waiter::begin(awaiter, site);
}

}  // namespace detail

}  // namespace heed

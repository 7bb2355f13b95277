// What all queues share, whatever their items: who waits, and for what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

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
class QueueWaiter : public Waiter {
 public:
  void forget(TaskState& task) noexcept final;

 protected:
  QueueWaiter(WaitQueue& line, QueueBase& queue) noexcept : Waiter(line), base_(&queue) {}
  QueueWaiter(QueueWaiter&& other) noexcept : Waiter(std::move(other)), base_(other.base_) {}
  ~QueueWaiter() {
    if (in_turn_) [[unlikely]]
      leave_turn();
  }

  enum class Prospect : std::uint8_t { served, waits, refused };
  virtual Prospect prospect() const noexcept = 0;
  bool begin_waiting(PromiseBase& awaiter, const std::source_location& site) noexcept;

  QueueBase* base_;

 private:
  // In the ready queue in place of the task.
  class Turn final : public Runnable {
   public:
    explicit Turn(QueueWaiter& waiter) noexcept : waiter_(waiter) {}
    void run(LoopCore& loop) override { waiter_.take_turn(loop); }

   private:
    QueueWaiter& waiter_;
  };
  void wake() noexcept final;
  void lose(const void* primitive) noexcept final;
  std::exception_ptr refusal() override;
  void take_turn(LoopCore& loop);
  void leave_turn() noexcept;

  Turn turn_{*this};
  bool in_turn_ = false;
};

class QueueGetter : public QueueWaiter {
 public:
  bool try_now() const noexcept;
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept { return begin_waiting(awaiter, site); }

 protected:
  explicit QueueGetter(QueueBase& queue) noexcept;
  QueueGetter(QueueGetter&&) noexcept = default;
  ~QueueGetter() = default;

 private:
  Prospect prospect() const noexcept final;
  void leave(bool granted) noexcept final;
  std::string describe_wait() const final { return "Queue.get"; }
};

// For which the end of the queue is no error. Not in the template that it is for: clang 16 forgets to compile a virtual
// function of a template that is first needed to move a parameter of a coroutine.
class EndingQueueGetter : public QueueGetter {
 public:
  using QueueGetter::QueueGetter;

 protected:
  EndingQueueGetter(EndingQueueGetter&&) noexcept = default;
  ~EndingQueueGetter() = default;
  bool over() const noexcept { return over_; }

 private:
  std::exception_ptr refusal() final {
    over_ = true;
    return nullptr;
  }
  bool over_ = false;
};

class QueuePutter : public QueueWaiter {
 public:
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept { return begin_waiting(awaiter, site); }

 protected:
  explicit QueuePutter(QueueBase& queue) noexcept;
  QueuePutter(QueuePutter&&) noexcept = default;
  ~QueuePutter() = default;

 private:
  Prospect prospect() const noexcept final;
  void leave(bool granted) noexcept final;
  std::string describe_wait() const final { return "Queue.put"; }
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
  WaitOf<EventWaiter> join() noexcept { return WaitOf<EventWaiter>(joined_, "Queue.join"); }

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
    if (getters_.anyone_waits()) getters_.grant_next();
  }
  void item_taken() noexcept {
    --size_;
    if (putters_.anyone_waits()) putters_.grant_next();
  }
  // Somebody who was woken, or who failed, left an item (room) for the next.
  void item_left() noexcept {
    if (size_ != 0) getters_.grant_next();
  }
  void room_left() noexcept {
    if (has_room()) putters_.grant_next();
  }
  // The items were dropped if `immediate`.
  void begin_shutdown(bool immediate) noexcept;

 private:
  friend class QueueWaiter;
  friend class QueueGetter;
  friend class QueuePutter;
  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

  std::size_t size_ = 0;
  std::size_t limit_;
  std::size_t unfinished_ = 0;
  bool shut_down_ = false;
  QueueJoined joined_;
  WaitQueue getters_{"Queue"};
  WaitQueue putters_{"Queue"};
};

inline QueueGetter::QueueGetter(QueueBase& queue) noexcept : QueueWaiter(queue.getters_, queue) {}
inline bool QueueGetter::try_now() const noexcept { return base_->size_ != 0; }
inline QueuePutter::QueuePutter(QueueBase& queue) noexcept : QueueWaiter(queue.putters_, queue) {}

}  // namespace detail

}  // namespace heed

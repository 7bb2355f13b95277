// What all queues share, whatever their items: who waits, and for what.
#pragma once

#include <cstddef>
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

class QueueBase;

class QueueGetter : public Waiter {
 public:
  bool try_now() const noexcept;
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;

 protected:
  explicit QueueGetter(QueueBase& queue) noexcept;
  QueueGetter(QueueGetter&&) noexcept = default;
  ~QueueGetter() = default;
  std::exception_ptr refusal() override;

 private:
  void leave(bool granted) noexcept final;
  std::string describe_wait() const final { return "Queue.get"; }
  QueueBase* base_;
};

class QueuePutter : public Waiter {
 public:
  bool begin(PromiseBase& awaiter, const std::source_location& site) noexcept;

 protected:
  explicit QueuePutter(QueueBase& queue) noexcept;
  QueuePutter(QueuePutter&&) noexcept = default;
  ~QueuePutter() = default;

 private:
  void leave(bool granted) noexcept final;
  std::exception_ptr refusal() final;
  std::string describe_wait() const final { return "Queue.put"; }
  QueueBase* base_;
};

class QueueJoined final : public Event {
 public:
  QueueJoined() noexcept : Event("Queue") { set(); }
};

// Counts the items. An item that is put while somebody waits is promised to the first of them: granted() of the getters
// never exceeds the number of items. In the same way a place that gets free is promised to the first who waits to put.
class QueueBase {
 public:
  QueueBase(const QueueBase&) = delete;
  QueueBase& operator=(const QueueBase&) = delete;

  // Items in the queue, those promised to a task that did not continue yet included.
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

  bool item_free() const noexcept { return size_ > getters_.granted(); }
  bool place_free() const noexcept { return !shut_down_ && size_ + putters_.granted() < limit_; }
  // Before get_nowait() and put_nowait(): throw, or make an item (a place) free that was promised to another.
  void claim_item();
  void claim_place();
  // An item was put in (taken out).
  void item_added() noexcept {
    ++size_;
    ++unfinished_;
    joined_.clear();
    if (getters_.anyone_waits()) getters_.grant_next();
  }
  void item_taken() noexcept {
    --size_;
    if (putters_.anyone_waits()) promise_places();
    if (shut_down_) [[unlikely]]
      refuse_if_drained();
  }
  // An item (a place) that was promised or claimed was not taken.
  void promise_items() noexcept;
  void promise_places() noexcept;
  // The items were dropped if `immediate`.
  void begin_shutdown(bool immediate) noexcept;

 private:
  friend class QueueGetter;
  friend class QueuePutter;
  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);
  void refuse_if_drained() noexcept;

  std::size_t size_ = 0;
  std::size_t limit_;
  std::size_t unfinished_ = 0;
  bool shut_down_ = false;
  QueueJoined joined_;
  WaitQueue getters_{"Queue"};
  WaitQueue putters_{"Queue"};
};

inline QueueGetter::QueueGetter(QueueBase& queue) noexcept : Waiter(queue.getters_), base_(&queue) {}
inline bool QueueGetter::try_now() const noexcept { return base_->item_free(); }
inline QueuePutter::QueuePutter(QueueBase& queue) noexcept : Waiter(queue.putters_), base_(&queue) {}

}  // namespace detail

}  // namespace heed

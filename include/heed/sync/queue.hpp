// Queues between tasks.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "heed/failure/exceptions.hpp"
#include "heed/sync/item_store.hpp"
#include "heed/sync/queue_base.hpp"

namespace heed {

template <class T, class Store>
class BasicQueue;

namespace detail {

template <class T, class Store>
class QueueGet {
 public:
  using value_type = T;
  using Waiter = QueueGetter;
  explicit QueueGet(BasicQueue<T, Store>& queue) noexcept : queue_(&queue) {}
  BasicQueue<T, Store>& queue() const noexcept { return *queue_; }
  bool try_now() const noexcept { return !queue_->empty(); }
  T take_value() { return queue_->template take<T>(); }

 private:
  BasicQueue<T, Store>* queue_;
};

template <class T, class Store>
class QueueNext {
 public:
  using value_type = std::optional<T>;
  using Waiter = EndingQueueGetter;
  explicit QueueNext(BasicQueue<T, Store>& queue) noexcept : queue_(&queue) {}
  BasicQueue<T, Store>& queue() const noexcept { return *queue_; }
  bool try_now() const noexcept { return !queue_->empty(); }
  std::optional<T> take_value() {
    if (over_) return std::nullopt;
    return queue_->template take<std::optional<T>>(std::in_place);
  }

 private:
  friend class EndingQueueGetter;
  BasicQueue<T, Store>* queue_;
  bool over_ = false;  // the queue ended
};

template <class T, class Store>
class QueuePut {
 public:
  using value_type = void;
  using Waiter = QueuePutter;
  QueuePut(BasicQueue<T, Store>& queue, T&& item) : queue_(&queue), item_(std::move(item)) {}
  BasicQueue<T, Store>& queue() const noexcept { return *queue_; }
  [[gnu::always_inline]] bool try_now() {
    if (done_) [[unlikely]]
      throw InvalidStateError("cannot await a Queue.put twice");
    if (!queue_->has_room()) return false;
    insert();
    return true;
  }
  void take_value() {
    if (!done_) insert();
  }

 private:
  void insert() {
    queue_->add(item_);
    done_ = true;
  }
  BasicQueue<T, Store>* queue_;
  T item_;
  bool done_ = false;
};

}  // namespace detail

// asyncio's queues: see Queue, PriorityQueue and LifoQueue below, which differ in the order of the items only.
//
// Tasks that wait are woken in order of arrival, one for each item that is put. As in asyncio the item is not reserved:
// whoever runs first takes it, and a task that was woken for nothing waits again, as the last in line (put() likewise).
//
// Items are moved in and out. An item whose move or comparison throws stays where it was: with put() in the awaitable,
// with get() in the queue, for the next.
//
// Loops: as for Lock. Destroyed while tasks wait, they get InvalidStateError.
template <class T, class Store>
class BasicQueue : public detail::QueueBase {
 public:
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>, "a queue holds objects that can be moved");
  using value_type = T;

  // Waits for room in a full queue, then puts the item. Throws QueueShutDown.
  // On cancel: the item is not in the queue.
  detail::WaitOf<detail::QueuePut<T, Store>> put(T&& item) {
    return detail::WaitOf<detail::QueuePut<T, Store>>(std::in_place, *this, std::move(item));
  }
  detail::WaitOf<detail::QueuePut<T, Store>> put(const T& item) requires std::copy_constructible<T> {
    return detail::WaitOf<detail::QueuePut<T, Store>>(std::in_place, *this, T(item));
  }
  // Throws QueueFull, QueueShutDown; the item stays where it is then.
  void put_nowait(T&& item) {
    require_room();
    add(item);
  }
  void put_nowait(const T& item) requires std::copy_constructible<T> { put_nowait(T(item)); }

  // Waits for an item and takes it. Throws QueueShutDown when the queue is shut down and empty.
  // On cancel: takes none.
  detail::WaitOf<detail::QueueGet<T, Store>> get() noexcept {
    return detail::WaitOf<detail::QueueGet<T, Store>>(std::in_place, *this);
  }
  // Throws QueueEmpty, QueueShutDown.
  T get_nowait() {
    require_item();
    return this->template take<T>();
  }
  // The same as get(), but gives nothing when the queue is shut down and empty. The loop of a consumer:
  //
  //   for (;;) {
  //     auto item = co_await queue.next();
  //     if (!item) break;
  //     ...
  //   }
  //
  // (`while (auto item = co_await queue.next())` is what g++ 12 may compile wrongly.)
  detail::WaitOf<detail::QueueNext<T, Store>> next() noexcept {
    return detail::WaitOf<detail::QueueNext<T, Store>>(std::in_place, *this);
  }

  // No more items: put() throws QueueShutDown, also where it waits; get() gives what is left, then throws. Immediate:
  // what is left is dropped and counts as done.
  void shutdown(bool immediate = false) {
    if (!immediate) return begin_shutdown(false);
    auto dropped = store_.take_all();  // destroyed at the end: that may use the queue
    begin_shutdown(true);
  }

 protected:
  explicit BasicQueue(std::ptrdiff_t maxsize, Store store = Store()) : QueueBase(maxsize), store_(std::move(store)) {}
  ~BasicQueue() = default;

 private:
  friend class detail::QueueGet<T, Store>;
  friend class detail::QueueNext<T, Store>;
  friend class detail::QueuePut<T, Store>;

  template <class Result, class... How>
  Result take(How... how) {
    try {
      Result item = store_.template pop<Result>(how...);
      item_taken();
      return item;
    } catch (...) {
      item_left();
      throw;
    }
  }
  void add(T& item) {
    try {
      store_.push(item);
    } catch (...) {
      room_left();
      throw;
    }
    item_added();
  }

  Store store_;
};

// First in, first out. Without a limit unless `maxsize` is positive.
template <class T>
class Queue final : public BasicQueue<T, detail::FifoStore<T>> {
 public:
  explicit Queue(std::ptrdiff_t maxsize = 0) : BasicQueue<T, detail::FifoStore<T>>(maxsize) {}
};

// The least item first, as `Compare` says; equal ones in order of arrival. (std::priority_queue gives the greatest.)
template <class T, class Compare = std::less<T>>
class PriorityQueue final : public BasicQueue<T, detail::RankedStore<T, Compare>> {
 public:
  explicit PriorityQueue(std::ptrdiff_t maxsize = 0, Compare compare = Compare())
      : BasicQueue<T, detail::RankedStore<T, Compare>>(maxsize, detail::RankedStore<T, Compare>(std::move(compare))) {}
};

// The latest item first.
template <class T>
class LifoQueue final : public BasicQueue<T, detail::LifoStore<T>> {
 public:
  explicit LifoQueue(std::ptrdiff_t maxsize = 0) : BasicQueue<T, detail::LifoStore<T>>(maxsize) {}
};

}  // namespace heed

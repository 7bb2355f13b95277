// What the loop runs, and the queue it is run from.
#pragma once

#include <cstdint>
#include <utility>

#include "heed/core/clock.hpp"

namespace heed::detail {

class DoneCallback;
class LoopCore;

// A link in exactly one intrusive list at a time: the ready queue, or the waiters of a future.
class Runnable {
 public:
  // Taken from the ready queue; runs until it is done or suspended. What it throws leaves the loop.
  virtual void run(LoopCore& loop) = 0;
  // Taken from the ready queue because the loop closes; never runs.
  virtual void discard() noexcept {}
  virtual DoneCallback* as_done_callback() noexcept { return nullptr; }
  // A TaskState. That is nearly all that a loop runs: it knows what to do then without a virtual call.
  bool is_task() const noexcept { return is_task_; }

  // The list's: they mean nothing outside of one, and are not set before. The last one's `next` means nothing either in a
  // ReadyQueue.
  union {
    Runnable* next;
    std::uint64_t sequence;  // of a timer, which is in none of these: a callback that waits takes 64 bytes, not 80
  };
  union {
    Runnable* previous;  // used by lists that remove from the middle
    TimePoint deadline;  // of a timer
  };

 protected:
  // Does not set the links.
  explicit Runnable(bool is_task = false) noexcept : is_task_(is_task) {}
  ~Runnable() = default;

 private:
  const bool is_task_;
};

// First in, first out; no allocation. Its end is known by `last_` alone: a switch of tasks is bound by what it stores.
class ReadyQueue {
 public:
  ReadyQueue() noexcept = default;
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  bool empty() const noexcept { return last_ == &first_; }

  void push(Runnable& runnable) noexcept { push_chain(runnable, runnable); }
  // From `first` by `next` to `last`.
  void push_chain(Runnable& first, Runnable& last) noexcept {
    *last_ = &first;
    last_ = &last.next;
  }

  Runnable* pop() noexcept {
    if (empty()) return nullptr;
    Runnable* runnable = first_;
    if (last_ == &runnable->next) {
      last_ = &first_;
    } else {
      first_ = runnable->next;
    }
    return runnable;
  }

  void take_all(ReadyQueue& other) noexcept {
    if (other.empty()) return;
    *last_ = other.first_;
    last_ = std::exchange(other.last_, &other.first_);
  }

  // Linear; for what is destroyed while it is queued, which is rare.
  bool remove(Runnable& runnable) noexcept {
    for (Runnable** link = &first_; link != last_; link = &(*link)->next) {
      if (*link != &runnable) continue;
      if (last_ == &runnable.next) {
        last_ = link;
      } else {
        *link = runnable.next;
      }
      return true;
    }
    return false;
  }

 private:
  friend class Batch;
  Runnable* first_ = nullptr;  // unless it is empty
  Runnable** last_ = &first_;
};

// What an iteration of the loop has to run: all that was in the queue when it began. Ends with a null `next`.
class Batch {
 public:
  Batch() noexcept = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // All of `queue`. Only when this is empty.
  void take_all(ReadyQueue& queue) noexcept {
    *queue.last_ = nullptr;
    first_ = queue.first_;
    queue.last_ = &queue.first_;
  }
  // Null when there is nothing left.
  Runnable* front() const noexcept { return first_; }
  void take_front(Runnable& front) noexcept { first_ = front.next; }

  // To the front of `queue`, as if this batch had not begun. Linear.
  void put_back(ReadyQueue& queue) noexcept {
    ReadyQueue all;
    while (Runnable* runnable = first_) {
      take_front(*runnable);
      all.push(*runnable);
    }
    all.take_all(queue);
    queue.take_all(all);
  }
  // Linear, as with the queue.
  bool remove(Runnable& runnable) noexcept {
    for (Runnable** link = &first_; *link; link = &(*link)->next) {
      if (*link != &runnable) continue;
      *link = runnable.next;
      return true;
    }
    return false;
  }

 private:
  Runnable* first_ = nullptr;
};

// A list with constant-time removal; one pointer when empty.
class RunnableList {
 public:
  bool empty() const noexcept { return !first_; }
  Runnable* first() const noexcept { return first_; }

  void push_back(Runnable& runnable) noexcept {
    runnable.next = nullptr;
    if (!first_) {
      first_ = &runnable;
      runnable.previous = &runnable;  // the first one's `previous` is the last one
      return;
    }
    Runnable* last = first_->previous;
    last->next = &runnable;
    runnable.previous = last;
    first_->previous = &runnable;
  }

  // `next` is in the list.
  void insert_before(Runnable& next, Runnable& runnable) noexcept {
    runnable.next = &next;
    runnable.previous = next.previous;
    (&next == first_ ? first_ : next.previous->next) = &runnable;
    next.previous = &runnable;
  }

  void remove(Runnable& runnable) noexcept {
    if (&runnable == first_) {
      first_ = runnable.next;
      if (first_) first_->previous = runnable.previous;
      return;
    }
    runnable.previous->next = runnable.next;
    (runnable.next ? runnable.next : first_)->previous = runnable.previous;
  }

  void move_to(ReadyQueue& queue) noexcept {
    if (Runnable* first = std::exchange(first_, nullptr)) queue.push_chain(*first, *first->previous);
  }

 private:
  Runnable* first_ = nullptr;
};

}  // namespace heed::detail

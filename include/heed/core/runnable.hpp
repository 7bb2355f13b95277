// What the loop runs, and the queue it is run from.
#pragma once

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

  // The list's: they mean nothing outside of one, and are not set before.
  Runnable* next;
  union {
    Runnable* previous;  // used by lists that remove from the middle
    TimePoint deadline;  // of a timer, which is in none of these: a callback that waits takes 64 bytes, not 80
  };

 protected:
  // Does not set the links.
  explicit Runnable(bool is_task = false) noexcept : is_task_(is_task) {}
  ~Runnable() = default;

 private:
  const bool is_task_;
};

// First in, first out; no allocation.
class ReadyQueue {
 public:
  ReadyQueue() noexcept = default;
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  bool empty() const noexcept { return !first_; }

  void push(Runnable& runnable) noexcept {
    runnable.next = nullptr;
    *last_ = &runnable;
    last_ = &runnable.next;
  }

  // All of a chain that ends with a null `next`.
  void push_chain(Runnable& first, Runnable& last) noexcept {
    last.next = nullptr;
    *last_ = &first;
    last_ = &last.next;
  }

  Runnable* pop() noexcept {
    Runnable* runnable = first_;
    if (!runnable) return nullptr;
    first_ = runnable->next;
    if (!first_) last_ = &first_;
    return runnable;
  }

  // The first one, which stays.
  Runnable* front() const noexcept { return first_; }

  void take_all(ReadyQueue& other) noexcept {
    if (other.empty()) return;
    *last_ = std::exchange(other.first_, nullptr);
    last_ = std::exchange(other.last_, &other.first_);
  }

  // Linear; for what is destroyed while it is queued, which is rare.
  bool remove(Runnable& runnable) noexcept {
    for (Runnable** link = &first_; *link; link = &(*link)->next) {
      if (*link != &runnable) continue;
      *link = runnable.next;
      if (last_ == &runnable.next) last_ = link;
      return true;
    }
    return false;
  }

 private:
  Runnable* first_ = nullptr;
  Runnable** last_ = &first_;
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

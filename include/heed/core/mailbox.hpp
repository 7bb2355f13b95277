// What other threads put into a loop.
#pragma once

#include <atomic>
#include <mutex>

#include "heed/core/letter.hpp"
#include "heed/core/poller.hpp"
#include "heed/failure/ref.hpp"

namespace heed::detail {

// Outlives its loop as long as somebody may still write to it.
class Mailbox : public RefCounted {
 public:
  explicit Mailbox(Poller& poller) : poller_(&poller) {}
  ~Mailbox();

  // Any thread. False, and the letter is still the caller's, once the loop is closed.
  bool post(Letter& letter);
  // Any thread: ends the loop's sleep.
  void wake() noexcept;

  // On the loop's thread. Moves all letters to the end of `ready`.
  void empty_into(ReadyQueue& ready) noexcept;
  bool empty() const noexcept { return !has_letters_.load(std::memory_order_acquire); }
  // From now on the loop may sleep, or not: a write needs a wake-up only while it does. False when there is a letter
  // already, and then it must not sleep.
  bool fall_asleep() noexcept;
  void awake() noexcept { asleep_.store(false, std::memory_order_relaxed); }
  // Refuses letters from now on; those that are left go to `ready`.
  void close(ReadyQueue& ready) noexcept;

 private:
  mutable std::mutex mutex_;
  ReadyQueue letters_;
  Poller* poller_;                   // null once closed
  std::atomic<bool> asleep_{false};  // set by the loop, under the lock
  // In a line of its own: the loop reads it all the time, and writers come and go.
  alignas(64) std::atomic<bool> has_letters_{false};
};

}  // namespace heed::detail

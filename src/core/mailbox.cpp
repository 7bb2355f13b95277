#include "heed/core/mailbox.hpp"

namespace heed::detail {

Mailbox::~Mailbox() = default;

bool Mailbox::post(Letter& letter) {
  std::lock_guard lock(mutex_);  // held for the wake-up too: close() waits for it, so the poller is alive
  if (!poller_) return false;
  letters_.push(letter);
  // Written once for many letters: the loop looks at it in every iteration.
  if (!has_letters_.load(std::memory_order_relaxed)) has_letters_.store(true, std::memory_order_release);
  // One wake-up for a sleep, however many letters: the first writer that sees the loop asleep makes the call.
  if (asleep_.load(std::memory_order_relaxed)) {
    asleep_.store(false, std::memory_order_relaxed);
    poller_->wake();
  }
  return true;
}

void Mailbox::wake() noexcept {
  std::lock_guard lock(mutex_);
  if (poller_) poller_->wake();
}

void Mailbox::empty_into(ReadyQueue& ready) noexcept {
  std::lock_guard lock(mutex_);
  ready.take_all(letters_);
  has_letters_.store(false, std::memory_order_relaxed);
}

bool Mailbox::fall_asleep() noexcept {
  std::lock_guard lock(mutex_);
  if (!letters_.empty()) return false;
  asleep_.store(true, std::memory_order_relaxed);
  return true;
}

void Mailbox::close(ReadyQueue& ready) noexcept {
  std::lock_guard lock(mutex_);
  poller_ = nullptr;
  ready.take_all(letters_);
  has_letters_.store(false, std::memory_order_relaxed);
}

}  // namespace heed::detail

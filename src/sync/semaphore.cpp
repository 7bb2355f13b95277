#include "heed/sync/semaphore.hpp"

#include <stdexcept>

namespace heed {

namespace detail {

// Those who came while this one was on its way had to wait behind it, even when there was a slot for them.
void SemaphoreWaiter::accept() noexcept { semaphore_.grant_what_is_free(); }

void SemaphoreWaiter::leave(bool granted) noexcept {
  if (!granted) return;
  ++semaphore_.value_;
  semaphore_.grant_what_is_free();
}

std::string SemaphoreWaiter::describe_wait() const { return queue_ ? queue_->owner() : "Semaphore"; }

}  // namespace detail

Semaphore::Semaphore(std::ptrdiff_t value, std::ptrdiff_t bound, const char* name)
    : value_(value), bound_(bound), waiters_(name) {
  if (value < 0) throw std::invalid_argument("Semaphore initial value must be >= 0");
}

void Semaphore::throw_released_too_often() const {
  throw std::invalid_argument(std::string(waiters_.owner()) + " released too many times");
}

}  // namespace heed

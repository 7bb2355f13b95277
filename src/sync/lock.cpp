#include "heed/sync/lock.hpp"

#include <stdexcept>

#include "heed/sync/condition.hpp"

namespace heed {

namespace detail {

// Of a lock that is free then: one that was granted to this waiter is held by nobody yet.
void LockWaiter::leave(bool granted) noexcept {
  if (granted) lock_.waiters_.grant_next();
}

}  // namespace detail

void Lock::throw_not_acquired() { throw std::runtime_error("Lock is not acquired."); }

void Lock::lose_conditions() noexcept {
  while (Condition* condition = conditions_) condition->lose_lock();
}

}  // namespace heed

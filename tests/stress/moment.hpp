// What a future does that is about to be cancelled.
#pragma once

#include "heed/core/task.hpp"
#include "heed/sync/condition.hpp"
#include "stress/coverage.hpp"

namespace heed::stress {

inline Happened moment_of(const AnyFuture& future) {
  if (future.done()) return Happened::cancelled_done;
  if (!future.is_task()) return Happened::cancelled_plain_future;
  auto& task = static_cast<detail::TaskState&>(future.state());
  if (!task.suspended()) return Happened::cancelled_itself;
  detail::Waitable* waits = task.waiting_on();
  if (!waits) return Happened::cancelled_ready;
  if (waits->as_task()) return Happened::cancelled_in_task;
  if (dynamic_cast<detail::ConditionWaiter*>(waits)) return Happened::cancelled_in_condition;
  if (dynamic_cast<detail::Waiter*>(waits)) return Happened::cancelled_in_sync;
  auto* awaited = dynamic_cast<detail::FutureState*>(waits);
  if (!awaited) return Happened::cancelled_in_sleep;
  return awaited->class_name()[0] == '_' ? Happened::cancelled_in_gather : Happened::cancelled_in_future;
}

}  // namespace heed::stress

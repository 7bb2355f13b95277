// What a task can be suspended at.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "heed/core/runnable.hpp"
#include "heed/failure/cancel_reason.hpp"

namespace heed::detail {

class TaskState;
struct PromiseBase;

// What a cancellation did to the thing that a task waits for.
enum class CancelEffect : std::uint8_t {
  none,       // nothing: it is over already
  forwarded,  // passed on: the task continues when the other side is finished
  woken,      // the wait is over: the task is to be made ready and gets the CancelledError at its await
};

class Waitable : public Runnable {
 public:
  virtual CancelEffect cancel_wait(const CancelReasonRef&) { return CancelEffect::none; }
  virtual TaskState* as_task() noexcept { return nullptr; }
  // The exception that resuming the task would throw because of this wait; null when there is none. Counts as
  // delivered to `awaiter`. Used where the failure is to be passed on without a throw.
  virtual std::exception_ptr failure_for_awaiter(PromiseBase&) { return nullptr; }
  // It is cancelled, and a CancelledError with this reason is all that failure_for_awaiter() would give. May be null.
  virtual CancelReasonRef cancel_reason() const noexcept { return nullptr; }
  // The wait ended because this was cancelled.
  virtual bool ended_cancelled() const noexcept { return false; }
  // The task will not continue at this await (it is destroyed, or the frame ends cancelled without being resumed): takes
  // it out, or hands on what it was given.
  virtual void forget(TaskState&) noexcept {}
  // "Future", "Task 'fetch'", "sleep": what the task waits for, in reports.
  virtual std::string describe_wait() const { return {}; }

 protected:
  using Runnable::Runnable;
  ~Waitable() = default;
};

}  // namespace heed::detail

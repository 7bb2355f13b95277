// Why a task was cancelled: what asyncio's message string cannot tell.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>

#include "heed/failure/ref.hpp"

namespace heed {

// Who asked. asyncio knows one kind only; the others let a group, a timeout and an outside cancel be told apart.
enum class CancelSource : std::uint8_t {
  request,      // Task::cancel() or Future::cancel() by user code
  gather,       // the gather this task belongs to was cancelled, or failed (cancel_rest)
  shutdown,     // run() ends and cancels what is left
  interrupt,    // SIGINT
  loop_closed,  // the loop was closed while the task was pending
  timeout,      // a timeout() around it has expired
  task_group,   // its task group ends early: cancel() of the group, or a failure in it
  scope,        // cancel() or the deadline of a CancelScope around it
  race,         // another one has won the staggered_race() that it belongs to
};

const char* to_string(CancelSource source) noexcept;

// Immutable once made; shared by every CancelledError that comes from the same request.
class CancelReason : public RefCounted {
 public:
  CancelReason(CancelSource origin, std::string message, std::source_location location, std::uint64_t task_id,
               std::string task_name)
      : source(origin), text(std::move(message)), where(location), by_task(task_id), by_name(std::move(task_name)) {}

  const CancelSource source;
  const std::string text;            // the message, as in asyncio
  const std::source_location where;  // the call of cancel()
  const std::uint64_t by_task;       // id of the task that called it, 0 when none did
  const std::string by_name;         // its name

  // "request 'stop' by 'supervisor' at app.cpp:12"
  std::string describe() const;
};

using CancelReasonRef = Ref<const CancelReason>;

}  // namespace heed

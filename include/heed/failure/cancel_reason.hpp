// Why a task was cancelled: what asyncio's message string cannot tell.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

#include "heed/failure/pool.hpp"
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

// The name that a task was given, shared by all that tell of the task. Null when it has the one that all tasks have.
struct GivenName : RefCounted {
  explicit GivenName(std::string name) : text(std::move(name)) {}
  const std::string text;
};
using GivenNameRef = Ref<const GivenName>;

std::string task_name(std::uint64_t id, const GivenNameRef& given);

// Immutable once made; shared by every CancelledError that comes from the same request.
class CancelReason : public RefCounted, public detail::Pooled {
 public:
  // `task_id`, `name`: of the task that called cancel().
  CancelReason(CancelSource origin, std::string_view message, std::source_location location, std::uint64_t task_id,
               GivenNameRef name)
      : source(origin), text(message), where(location), by_task(task_id), by_name_(std::move(name)) {}

  const CancelSource source;
  const std::string text;            // the message, as in asyncio
  const std::source_location where;  // the call of cancel()
  const std::uint64_t by_task;       // id of the task that called it, 0 when none did
  // Its name; empty when none did.
  std::string by_name() const { return by_task == 0 ? std::string() : task_name(by_task, by_name_); }

  // "request 'stop' by 'supervisor' at app.cpp:12"
  std::string describe() const;

 private:
  const GivenNameRef by_name_;
};

using CancelReasonRef = Ref<const CancelReason>;

}  // namespace heed

// What an exception handler is told.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "heed/core/handle.hpp"
#include "heed/core/task.hpp"
#include "heed/failure/record.hpp"

namespace heed {

// asyncio's context dictionary: the same members with the same meaning; what does not apply is empty.
struct ErrorContext {
  std::string message;           // empty: "Unhandled exception in event loop"
  std::exception_ptr exception;  // null when the report is about no exception
  AnyFuture future;              // the future or task whose exception nobody retrieved
  AnyTask task;
  Handle handle;                                         // the callback that failed
  int socket = -1;                                       // the descriptor concerned
  std::optional<std::source_location> source_traceback;  // debug mode: where the future, task or callback was created
  std::shared_ptr<const ErrorContext> context;           // the report that the handler failed on

  // heed's own: all that is known about the failure. Valid during the call of the handler. Null when the report is
  // about no failure.
  const FailureRecord* record = nullptr;

  // The names of asyncio's members that are there, sorted: {"exception", "future", "message"}.
  std::vector<std::string> keys() const;
};

}  // namespace heed

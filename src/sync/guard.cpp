#include "heed/sync/guard.hpp"

#include <new>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/log.hpp"
#include "heed/failure/report.hpp"

namespace heed::detail {

void throw_empty_guard() { throw InvalidStateError("the guard holds nothing: it was released or moved from"); }

void report_release(std::exception_ptr exception) noexcept {
  constexpr const char* message = "Exception when a guard released what it held";
  if (!running_scheduler) return last_resort(message, exception);
  ErrorContext context;
  try {
    context.message = message;
  } catch (const std::bad_alloc&) {
  }
  running_scheduler->core().report_failure(std::move(exception), FailureOrigin::cleanup, context);
}

}  // namespace heed::detail

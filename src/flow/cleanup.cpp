#include "heed/flow/cleanup.hpp"

#include <string>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/log.hpp"

namespace heed::detail {

namespace {

void report(const std::exception_ptr& exception, FailureOrigin origin, const char* message) noexcept {
  if (!running_scheduler) return last_resort(message, exception);
  LoopCore& loop = running_scheduler->core();
  ErrorContext context;
  try {
    context.message = message;
    if (loop.current_task) context.task = AnyTask::share(*loop.current_task);
  } catch (const std::bad_alloc&) {
  }
  loop.report_failure(exception, origin, context);
}

// A failure that goes on as a part of another one. Returns its id.
std::uint64_t book_as_merged(LoopCore& loop, const std::exception_ptr& exception) noexcept {
  FailureRecord* record = loop.open_failure(exception, FailureOrigin::replaced);
  if (!record) return 0;
  try {
    if (TaskState* task = loop.current_task) {
      record->task_id = task->id();
      record->task_name = task->name();
      record->created_at = task->created_at();
      record->creators = task->creators();
    }
  } catch (const std::bad_alloc&) {
  }
  std::uint64_t id = record->id;
  loop.ledger.settle(*record, Disposition::merged);
  loop.ledger.close(record);
  return id;
}

}  // namespace

void report_cleanup(std::exception_ptr exception) noexcept {
  report(exception, FailureOrigin::cleanup, "Exception in the cleanup of a coroutine that was destroyed");
}

KeptFailure::KeptFailure(std::exception_ptr exception) noexcept : exception_(std::move(exception)) {
  if (exception_) known_ = running_scheduler->trail.keep(exception_);
}

KeptFailure::~KeptFailure() {
  if (!exception_ || is_cancellation(exception_)) return;
  if (running_scheduler) running_scheduler->trail.restore(std::move(known_));
  report(exception_, FailureOrigin::replaced,
         "Exception was left by a coroutine that was destroyed while it handled it");
}

std::exception_ptr KeptFailure::replaced_by(const std::exception_ptr& newer, std::string_view while_doing) noexcept {
  std::exception_ptr older = std::exchange(exception_, nullptr);
  if (!older) return newer;
  LoopCore& loop = running_scheduler->core();
  loop.trail.restore(std::move(known_));
  if (!newer || newer == older) return older;
  std::uint64_t id = 0;
  if (!is_cancellation(older)) {
    if (is_cancellation(newer)) {
      report(older, FailureOrigin::replaced,
             "Exception was replaced by the cancellation of what was to clean up after it");
      return newer;
    }
    id = book_as_merged(loop, older);
  }
  try {
    loop.trail.set_cause(newer, id);
    std::string note = "while " + std::string(while_doing) + ": " + describe(older);
    if (id != 0) note += " (failure #" + std::to_string(id) + ")";
    loop.trail.add_note(newer, std::move(note));
  } catch (const std::bad_alloc&) {
  }
  return newer;
}

}  // namespace heed::detail

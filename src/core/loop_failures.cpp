// What becomes of the failures of a loop: their birth, and who is told of those that nobody takes.
#include "heed/core/error_context.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/handle.hpp"
#include "heed/core/letter.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/log.hpp"
#include "heed/failure/report.hpp"

namespace heed::detail {

FailureRecord* LoopCore::open_failure(std::exception_ptr exception, FailureOrigin origin) noexcept {
  bool follows = trail.follows(exception);
  FailureBirth birth{origin, follows ? trail.cause_id() : 0, loop_id_, now().time_since_epoch()};
  FailureRecord* record = ledger.open(std::move(exception), birth);
  if (record && follows) {
    try {
      record->await_chain = trail.chain();
      record->notes = trail.notes();
    } catch (const std::bad_alloc&) {
    }
  }
  return record;
}

void LoopCore::report(const ErrorContext& context) noexcept {
  try {
    if (facade_) {
      facade_->call_exception_handler(context);
      return;
    }
    // The loop object is gone: the handler went with it.
    log(LogRecord{LogLevel::error, context.message, context.exception,
                  render(Report{context.message, context.exception, context.record, {}})});
  } catch (...) {
    if (note_interrupt(std::current_exception())) return;
    last_resort(context.message, context.exception);  // what was to be told
    last_resort("a report failed", std::current_exception());
  }
}

void LoopCore::report_failure(std::exception_ptr exception, FailureOrigin origin, ErrorContext& context) noexcept {
  FailureRecord* record = open_failure(exception, origin);
  if (!record) return;  // told to the last resort
  try {
    if (current_task) {
      record->task_id = current_task->id();
      record->task_name = current_task->name();
    }
  } catch (const std::bad_alloc&) {
  }
  context.exception = std::move(exception);
  context.record = record;
  report(context);
  ledger.settle(*record, Disposition::reported);
  context.record = nullptr;
  ledger.close(record);
}

void LoopCore::report_callback_failure(std::exception_ptr exception, ScheduledCall& call) noexcept {
  if (note_interrupt(exception)) return;
  ErrorContext context;
  context.handle = HandleAccess::handle(call);
  try {
    context.message = "Exception in callback " + call.describe();
    if (debug_) context.source_traceback = call.created_at();
  } catch (const std::bad_alloc&) {
  }
  report_failure(std::move(exception), FailureOrigin::callback, context);
}

namespace {
// A handle in reports about callbacks that have none of their own.
class DescribedCall final : public ScheduledCall {
 public:
  DescribedCall(LoopCore& loop, std::string text, const std::source_location& where)
      : ScheduledCall(loop, nullptr, where), text_(std::move(text)) {}
  std::string describe() const override { return text_; }

 private:
  void call() override {}
  void drop_function() noexcept override {}
  std::string text_;
};
}  // namespace

void LoopCore::report_callback_failure(std::exception_ptr exception, const std::string& description,
                                       const std::source_location& where) noexcept {
  if (note_interrupt(exception)) return;
  ErrorContext context;
  try {
    context.message = "Exception in callback " + description;
    context.handle = HandleAccess::handle(*new DescribedCall(*this, description, where));
    if (debug_ && where.line() != 0) context.source_traceback = where;
  } catch (const std::bad_alloc&) {
  }
  report_failure(std::move(exception), FailureOrigin::callback, context);
}

void report_letter_failure(LoopCore& loop, std::exception_ptr exception, const std::type_info& function,
                           const std::source_location& where) noexcept {
  std::string what;
  try {
    what = describe_callable(function, where);
  } catch (const std::bad_alloc&) {  // the failure counts, not its description
  }
  loop.report_callback_failure(std::move(exception), what, where);
}

void LoopCore::note_handler_failure(const std::exception_ptr& exception) noexcept {
  FailureRecord* record = open_failure(exception, FailureOrigin::exception_handler);
  if (!record) return;
  ledger.settle(*record, Disposition::reported);
  ledger.close(record);
}

bool LoopCore::note_interrupt(const std::exception_ptr& exception) noexcept {
  if (!find<KeyboardInterrupt>(exception) && !find<SystemExit>(exception)) return false;
  if (interrupt_ == exception) return true;  // raised again on its way
  if (interrupt_) {
    last_resort("a second interrupt while one was on its way", exception);
  } else {
    interrupt_ = exception;
    stopping_ = true;
    attention = true;
  }
  return true;
}

}  // namespace heed::detail

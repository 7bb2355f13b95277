#include "heed/core/handle.hpp"

#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_info.hpp"

namespace heed::detail {

bool ScheduledCall::call_again(LoopCore& loop) noexcept {
  if (cancelled_) return false;
  calling_ = true;
  {
    ContextScope scope(context_);
    try {
      call();
    } catch (...) {
      loop.report_callback_failure(std::current_exception(), *this);
    }
  }
  calling_ = false;
  if (cancelled_) drop_function();  // by itself
  return !cancelled_;
}

void ScheduledCall::run(LoopCore& loop) {
  call_again(loop);
  // The captures die with the run, as in asyncio; the flag stays as it is: cancelled() is about cancel() only.
  drop_function();
  release();
}

void ScheduledCall::discard() noexcept {
  drop_function();
  release();
}

void ScheduledCall::cancel() noexcept {
  if (std::exchange(cancelled_, true)) return;
  if (armed()) {
    loop_->core().disarm(*this);
    discard();
  } else if (!calling_) {
    drop_function();
  }
}

std::string describe_callable(const std::type_info& type, const std::source_location& where) {
  return demangle(type.name()) + " at " + where.file_name() + ":" + std::to_string(where.line());
}

}  // namespace heed::detail

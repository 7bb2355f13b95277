#include "heed/failure/exceptions.hpp"

namespace heed {

// Out of line: one vtable and one type_info each, so that a catch matches across shared libraries.
BaseException::~BaseException() = default;
CancelledError::~CancelledError() = default;
KeyboardInterrupt::~KeyboardInterrupt() = default;
SystemExit::~SystemExit() = default;
GeneratorExit::~GeneratorExit() = default;
TimeoutError::~TimeoutError() = default;
InvalidStateError::~InvalidStateError() = default;

const char* to_string(CancelSource source) noexcept {
  switch (source) {
    case CancelSource::request: return "request";
    case CancelSource::gather: return "gather";
    case CancelSource::shutdown: return "shutdown";
    case CancelSource::interrupt: return "interrupt";
    case CancelSource::loop_closed: return "loop closed";
    case CancelSource::timeout: return "timeout";
    case CancelSource::task_group: return "task group";
    case CancelSource::scope: return "scope";
    case CancelSource::race: return "race";
  }
  return "unknown";
}

std::string task_name(std::uint64_t id, const GivenNameRef& given) {
  return given ? given->text : "Task-" + std::to_string(id);
}

std::string CancelReason::describe() const {
  std::string line = to_string(source);
  if (!text.empty()) line += " '" + text + "'";
  if (by_task != 0) line += " by '" + by_name() + "'";
  if (where.line() != 0) line += std::string(" at ") + where.file_name() + ":" + std::to_string(where.line());
  return line;
}

}  // namespace heed

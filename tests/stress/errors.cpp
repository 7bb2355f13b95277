#include "stress/errors.hpp"

#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed::stress {

namespace {

std::string label(ErrorId id) { return "#" + std::to_string(id); }

[[noreturn]] void throw_nested(ErrorId id) {
  try {
    throw Error(0);
  } catch (...) {
    std::throw_with_nested(Error(id));
  }
}

std::vector<std::pair<std::exception_ptr, ErrorId>> adopted;

ExceptionGroup make_group(ErrorId id) {
  std::vector<std::exception_ptr> members;
  for (ErrorId i = 0; i <= id % 3; ++i) members.push_back(std::make_exception_ptr(Error(0)));
  return ExceptionGroup(label(id), std::move(members));
}

// The number after "#", 0 when there is none.
ErrorId number_in(const char* text) noexcept {
  return text[0] == '#' ? static_cast<ErrorId>(std::strtoul(text + 1, nullptr, 10)) : 0;
}

}  // namespace

const char* to_string(ErrorKind kind) noexcept {
  static const char* const names[error_kinds] = {"custom", "runtime", "invalid_argument", "system", "nested",
                                                 "group",  "text",    "number",           "odd",    "cancelled",
                                                 "exit"};
  return names[static_cast<std::size_t>(kind)];
}

void throw_error(ErrorKind kind, ErrorId id) {
  switch (kind) {
    case ErrorKind::custom: throw Error(id);
    case ErrorKind::runtime: throw std::runtime_error(label(id));
    case ErrorKind::invalid_argument: throw std::invalid_argument(label(id));
    case ErrorKind::system: throw std::system_error(std::make_error_code(std::errc::io_error), label(id));
    case ErrorKind::nested: throw_nested(id);
    case ErrorKind::group: throw make_group(id);
    case ErrorKind::text: throw label(id);
    case ErrorKind::number: throw static_cast<int>(id);
    case ErrorKind::odd: throw OddError(id);
    case ErrorKind::cancelled: throw CancelledError(label(id));
    case ErrorKind::exit: throw SystemExit(static_cast<int>(id));
  }
  std::abort();
}

std::exception_ptr make_error(ErrorKind kind, ErrorId id) {
  switch (kind) {
    case ErrorKind::custom: return std::make_exception_ptr(Error(id));
    case ErrorKind::number: return std::make_exception_ptr(static_cast<int>(id));
    case ErrorKind::odd: return std::make_exception_ptr(OddError(id));
    default: break;
  }
  try {
    throw_error(kind, id);
  } catch (...) {
    return std::current_exception();
  }
}

void adopt(const std::exception_ptr& exception, ErrorId id) { adopted.emplace_back(exception, id); }
void forget_adopted() { adopted.clear(); }

Thrown identify(const std::exception_ptr& exception, bool exactly) {
  if (!exception) return {};
  for (const auto& [known, id] : adopted)
    if (known == exception) return {id, false};
  if (const auto* group = find<ExceptionGroup>(exception))
    if (when_gather_group_seen && group->message() == "unhandled errors in gather()")
      return {when_gather_group_seen(exception), false};
  if (const auto* error = find<Error>(exception)) return {error->id, false};
  if (const auto* error = find<CancelledError>(exception)) {
    return {Thrown::cancellations_are_alike && !exactly ? 0 : number_in(error->what()), true};
  }
  if (const auto* error = find<std::exception>(exception)) return {number_in(error->what()), false};
  if (const auto* error = find<OddError>(exception)) return {error->id, false};
  if (const auto* error = find<int>(exception)) return {static_cast<ErrorId>(*error), false};
  if (const auto* error = find<std::string>(exception)) return {number_in(error->c_str()), false};
  if (const auto* error = find<SystemExit>(exception)) return {static_cast<ErrorId>(error->code()), false};
  return {};
}

std::string to_string(const Thrown& thrown) {
  std::string name = thrown.id != 0 ? label(thrown.id) : "";
  if (thrown.cancellation) return name.empty() ? "a cancellation" : "cancellation " + name;
  return name.empty() ? "an exception of the library" : "error " + name;
}

}  // namespace heed::stress

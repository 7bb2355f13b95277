#include "heed/failure/log.hpp"

#include <cstdio>
#include <mutex>
#include <typeinfo>

#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed {

namespace {

std::mutex sink_mutex;
// A pointer, never destroyed: reports may come from destructors of static objects.
LogSink*& sink_slot() {
  static LogSink* sink = new LogSink;
  return sink;
}

void write_to_stderr(const LogRecord& record) noexcept {
  if (record.text.empty()) {
    std::fprintf(stderr, "heed: %.*s\n", static_cast<int>(record.message.size()), record.message.data());
  } else {
    std::fwrite(record.text.data(), 1, record.text.size(), stderr);
  }
}

}  // namespace

void set_log_sink(LogSink sink) {
  LogSink old;  // destroyed outside the lock: its captures may log
  std::lock_guard lock(sink_mutex);
  old = std::exchange(*sink_slot(), std::move(sink));
}

bool has_log_sink() noexcept {
  std::lock_guard lock(sink_mutex);
  return static_cast<bool>(*sink_slot());
}

void log(const LogRecord& record) noexcept {
  LogSink sink;
  try {
    std::lock_guard lock(sink_mutex);
    sink = *sink_slot();
  } catch (...) {
    last_resort("cannot copy the log sink", std::current_exception());
  }
  if (!sink) return write_to_stderr(record);
  try {
    sink(record);
  } catch (...) {
    last_resort("the log sink failed", std::current_exception());
    write_to_stderr(record);
  }
}

void last_resort(std::string_view what, const std::exception_ptr& exception) noexcept {
  // Only what needs no memory: the mangled type name and what().
  const std::type_info* type = type_of(exception);
  const char* message = "";
  if (const auto* error = find<std::exception>(exception)) message = error->what();
  if (const auto* error = find<BaseException>(exception)) message = error->what();
  std::fprintf(stderr, "heed: %.*s: %s: %s\n", static_cast<int>(what.size()), what.data(),
               type ? type->name() : (exception ? "exception" : "no exception"), message);
}

}  // namespace heed

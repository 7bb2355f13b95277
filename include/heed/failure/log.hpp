// Where the library writes: reports, warnings. asyncio's `asyncio` logger, reduced to one sink.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace heed {

enum class LogLevel { warning, error };

struct LogRecord {
  LogLevel level;
  std::string_view message;      // what happened, in one line
  std::exception_ptr exception;  // null when there is none
  std::string_view text = {};    // the whole report; empty: the message is all
};

using LogSink = std::function<void(const LogRecord&)>;

// Replaces the sink of the whole process; an empty function goes back to stderr. Thread-safe.
// A sink may be called on any thread. What it throws goes to the last resort.
void set_log_sink(LogSink sink);

// Whether set_log_sink() is in force. Thread-safe.
bool has_log_sink() noexcept;

// Hands the record to the sink. Never throws: a sink that fails is itself told to the last resort, with the record.
void log(const LogRecord& record) noexcept;

// The sink that cannot fail: one line each to stderr, no allocation, no locks of ours, no recursion.
void last_resort(std::string_view what, const std::exception_ptr& exception) noexcept;

}  // namespace heed

// What the library logs, instead of on stderr.
#pragma once

#include <exception>
#include <mutex>
#include <string>
#include <vector>

#include "heed/failure/log.hpp"

namespace heed::test {

// Replaces the log sink of the process while it lives. Thread-safe.
class LogCapture {
 public:
  struct Entry {
    LogLevel level;
    std::string message;
    std::string text;
    std::exception_ptr exception;
  };

  LogCapture() {
    set_log_sink([this](const LogRecord& record) {
      std::lock_guard lock(mutex_);
      entries_.push_back({record.level, std::string(record.message), std::string(record.text), record.exception});
    });
  }
  ~LogCapture() { set_log_sink(nullptr); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::vector<Entry> entries() const {
    std::lock_guard lock(mutex_);
    return entries_;
  }
  std::vector<std::string> messages() const {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) all.push_back(entry.message);
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace heed::test

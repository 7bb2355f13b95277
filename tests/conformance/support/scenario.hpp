// What the ported scenarios share: the registry, the trace, and a few helpers to write them with.
#pragma once

#include <algorithm>
#include <concepts>
#include <exception>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "heed/heed.hpp"

namespace conformance {

using namespace heed;
using namespace std::chrono_literals;

// --- the registry ----------------------------------------------------------------------------------------------------

// A scenario has the name of its file. Made as a constant of the file, it is found by `--list` and `--run`.
class Scenario {
 public:
  // The main coroutine of a program ...
  explicit Scenario(Coro<> (*program)(), std::source_location where = std::source_location::current());
  // ... or the whole of it.
  explicit Scenario(void (*program)(), std::source_location where = std::source_location::current());
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  const std::string& name() const noexcept { return name_; }
  // Throws what the program throws, and std::logic_error when the books of its loop do not balance in the end.
  void run() const;

  // In order of their names.
  static std::vector<const Scenario*> all();

 private:
  Scenario(std::function<void()> program, const std::source_location& where);

  std::string name_;
  std::function<void()> program_;
};

// --- the trace -------------------------------------------------------------------------------------------------------

// Values as every scenario writes them: "true", "none", "[a, b]", an exception as show() does.
std::string text(std::string_view value);
std::string text(double value);
std::string text(const std::exception_ptr& exception);
std::string text(std::monostate);
template <std::same_as<bool> Bool>
std::string text(Bool value) {
  return value ? "true" : "false";
}
template <std::integral Integer>
requires(!std::same_as<Integer, bool>) std::string text(Integer value) { return std::to_string(value); }
template <class T>
std::string text(const Outcome<T>& outcome) {
  if (outcome.exception()) return text(outcome.exception());
  if constexpr (std::is_void_v<T>) {
    return text(std::monostate());
  } else {
    Outcome<T> copy = outcome;
    return text(copy.value());
  }
}
std::string list_of(const std::vector<std::string>& texts);
template <class T>
std::string text(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(text(value));
  return list_of(texts);
}
template <class... Ts>
std::string text(const std::tuple<Ts...>& values) {
  std::vector<std::string> texts;
  std::apply([&texts](const Ts&... value) { (texts.push_back(text(value)), ...); }, values);
  return list_of(texts);
}

void print_line(const std::vector<std::string>& parts);

// One line of the trace: the texts with a blank between them.
template <class... Parts>
void log(const Parts&... parts) {
  std::vector<std::string> texts;
  (texts.push_back(text(parts)), ...);
  print_line(texts);
}

// "ValueError": the name that asyncio's users know the exception by.
std::string kind(const std::exception_ptr& exception);
// "none", "CancelledError", "ValueError: text", "OSError(ECONNREFUSED)", "ExceptionGroup: text [...]".
std::string show(const std::exception_ptr& exception);

// How a future or task ended: "pending", "cancelled", "raised ValueError: text", "result 7". Retrieves a failure.
template <class T>
std::string outcome(const Future<T>& future) {
  if (!future.done()) return "pending";
  if (future.cancelled()) return "cancelled";
  if (std::exception_ptr exception = future.exception()) return "raised " + show(exception);
  if constexpr (std::is_void_v<T>) {
    return "result none";
  } else {
    return "result " + text(future.result());
  }
}

// An exception handler that writes "handler: message | exception | subject".
void print_context(EventLoop& loop, const ErrorContext& context);
void install_handler(EventLoop& loop = running_loop());
// The message of a report without what names a place in the program.
std::string message_of(const ErrorContext& context);

// In alphabetical order. Precondition: all are tasks.
template <class Handle>
std::vector<std::string> names_of(const std::vector<Handle>& tasks) {
  std::vector<std::string> names;
  for (const Handle& task : tasks) names.push_back(as_task(task).name());
  std::sort(names.begin(), names.end());
  return names;
}

// From now on what the library logs is written as "log[ERROR]: message | exception".
void capture_log();

// --- for the programs ------------------------------------------------------------------------------------------------

// Lets the loop run `count` iterations.
Coro<> ticks(int count = 1);

// Where asyncio needs the garbage collector before a dropped object is gone. Here it is gone when it is dropped.
inline void collect() noexcept {}

// A std::system_error of which only a text is known: Python's OSError("text").
class OsError : public std::system_error {
 public:
  explicit OsError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// What `function` throws, null when it returns.
template <std::invocable F>
std::exception_ptr raised_by(F function) {
  try {
    static_cast<void>(function());
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// A `finally` block that does not await: runs `function` when the scope is left, in whichever way.
template <std::invocable F>
class Finally {
 public:
  explicit Finally(F function) : function_(std::move(function)) {}
  ~Finally() { function_(); }
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;

 private:
  F function_;
};

}  // namespace conformance

// The exception types of the runtime. Errors of a program's own stay what they are: any type may be thrown.
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

#include "heed/failure/cancel_reason.hpp"

namespace heed {

// Root of the exceptions that ask for control flow and are no errors: cancellation, interrupt, exit.
// It is *not* a std::exception, so that `catch (const std::exception&)` never swallows a cancellation
// (as Python's BaseException stands beside Exception since 3.8).
class BaseException {
 public:
  explicit BaseException(std::string message = {}) : message_(std::move(message)) {}
  BaseException(const BaseException&) = default;
  BaseException(BaseException&&) = default;
  BaseException& operator=(const BaseException&) = default;
  BaseException& operator=(BaseException&&) = default;
  virtual ~BaseException();

  virtual const char* what() const noexcept { return message_.c_str(); }

 private:
  std::string message_;
};

// Raised at the await of a task that is being cancelled, and by the result of a cancelled task or future.
// Catch it to clean up, then rethrow it; swallowing it refuses the cancellation.
class CancelledError : public BaseException {
 public:
  explicit CancelledError(std::string message = {}) : BaseException(std::move(message)) {}
  // Needs no memory: a cancellation can always be delivered.
  explicit CancelledError(CancelReasonRef reason) noexcept : reason_(std::move(reason)) {}
  ~CancelledError() override;

  const char* what() const noexcept override { return reason_ ? reason_->text.c_str() : BaseException::what(); }

  // Null when the error was thrown by hand.
  const CancelReason* reason() const noexcept { return reason_.get(); }
  const CancelReasonRef& shared_reason() const noexcept { return reason_; }

 private:
  CancelReasonRef reason_;
};

// SIGINT, out of run(); a task that throws it stops the loop.
class KeyboardInterrupt : public BaseException {
 public:
  explicit KeyboardInterrupt(std::string message = {}) : BaseException(std::move(message)) {}
  ~KeyboardInterrupt() override;
};

// A task that throws it stops the loop and it leaves run(): the program decides what to do with the code.
class SystemExit : public BaseException {
 public:
  explicit SystemExit(int code = 0) : BaseException(std::to_string(code)), code_(code) {}
  ~SystemExit() override;
  int code() const noexcept { return code_; }

 private:
  int code_;
};

// Raised at the co_yield of an asynchronous generator that is being closed. Clean up and let it go on, or return.
class GeneratorExit : public BaseException {
 public:
  explicit GeneratorExit(std::string message = {}) : BaseException(std::move(message)) {}
  ~GeneratorExit() override;
};

// A deadline passed. An OS failure in the sense of std::system_error: code() == std::errc::timed_out.
class TimeoutError : public std::system_error {
 public:
  TimeoutError() : std::system_error(std::make_error_code(std::errc::timed_out)) {}
  explicit TimeoutError(const std::string& what)
      : std::system_error(std::make_error_code(std::errc::timed_out), what) {}
  ~TimeoutError() override;
};

// An operation that the state of a future, task or coroutine does not allow.
class InvalidStateError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
  ~InvalidStateError() override;
};

}  // namespace heed

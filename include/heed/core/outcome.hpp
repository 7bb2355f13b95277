// How something ended, without throwing.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "heed/core/stored.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed {

// A value of type T (which may be void or a reference), or an exception; a cancellation is the exception
// CancelledError. What holds a failure has taken it: it is up to the holder to handle it. Belongs to one thread at a time.
template <class T>
class [[nodiscard]] Outcome {
 public:
  using value_type = T;

  explicit Outcome(detail::Stored<T> value) : value_(std::move(value)) {}
  explicit Outcome(std::exception_ptr exception) : exception_(std::move(exception)) {}
  // A CancelledError with this reason, made when somebody asks for it. For the runtime.
  static Outcome cancelled_with(CancelReasonRef reason) {
    if (!reason) return Outcome(std::make_exception_ptr(CancelledError()));
    Outcome outcome{std::exception_ptr()};
    outcome.reason_ = std::move(reason);
    return outcome;
  }

  bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  // An exception other than CancelledError.
  bool failed() const noexcept { return exception_ && !is_cancellation(exception_); }
  bool cancelled() const noexcept { return reason_ || (exception_ && is_cancellation(exception_)); }

  // Null when there is a value.
  const std::exception_ptr& exception() const noexcept {
    if (!exception_ && reason_) exception_ = std::make_exception_ptr(CancelledError(reason_));
    return exception_;
  }

  // The value; throws the exception when there is none.
  detail::Viewed<T> value() & {
    if (!has_value()) std::rethrow_exception(exception());
    return detail::view<T>(*value_);
  }
  T value() && {
    if (!has_value()) std::rethrow_exception(exception());
    return detail::unwrap<T>(std::move(*value_));
  }

 private:
  std::optional<detail::Stored<T>> value_;
  mutable std::exception_ptr exception_;
  CancelReasonRef reason_;
};

}  // namespace heed

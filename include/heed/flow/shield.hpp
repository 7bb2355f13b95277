// Work that goes on when the one who waits for it is cancelled.
#pragma once

#include <source_location>
#include <utility>

#include "heed/flow/awaitable.hpp"

namespace heed {

namespace detail {

template <class T>
class ShieldDone;

// The future that stands before the shielded one.
template <class T>
class ShieldFuture final : public FutureOf<T> {
 public:
  using FutureOf<T>::FutureOf;

  void watch(FutureState& inner);
  // The inner one forgets this one, which may be one of many: a shield in a loop around a task that runs for long.
  bool cancel(const CancelReasonRef& reason) override {
    if (!FutureOf<T>::cancel(reason)) return false;
    if (watched_) std::exchange(watched_, nullptr)->remove_callback(callback_id_);
    return true;
  }
  void inner_done(FutureState& inner) {
    if (this->done()) return;  // the inner one's end is up to its own handles
    if (!inner.has_value()) return end_without_value(*this, inner);
    bool guarded = inner.status() == FutureStatus::guarded_value;
    try {
      std::construct_at(&this->slot_.value, stored_copy(inner));
    } catch (...) {
      return this->finish_failed(std::current_exception());
    }
    if (guarded) inner_ = AnyFuture::share(inner);
    this->finish_value(guarded);
  }

 private:
  friend class ShieldDone<T>;
  static Stored<T> stored_copy(FutureState& inner) {
    if constexpr (std::copy_constructible<Stored<T>>) {
      return stored_value<T>(inner);
    } else {
      return std::move(stored_value<T>(inner));
    }
  }
  void value_delivered() noexcept override { std::exchange(inner_, {}).state().deliver_value(); }
  FutureState* watched_ = nullptr;  // the inner one, as long as it has the callback
  std::uint64_t callback_id_ = 0;
  AnyFuture inner_;  // when its value is a guarded one
};

// The outer future of a shield ends as the inner one did, which has no value. The caller has one reference to it.
void end_without_value(FutureState& outer, FutureState& inner) noexcept;

template <class T>
class ShieldDone final : public DoneCallback {
 public:
  explicit ShieldDone(ShieldFuture<T>& outer)
      : DoneCallback(copy_of_current_context(), next_id()), outer_(outer), keep_(AnyFuture::share(outer)) {}
  ~ShieldDone() override { outer_.watched_ = nullptr; }

 private:
  void call(FutureState& inner) override { outer_.inner_done(inner); }
  std::string describe() const override { return "shield"; }
  ShieldFuture<T>& outer_;
  AnyFuture keep_;
};

template <class T>
void ShieldFuture<T>::watch(FutureState& inner) {
  auto* callback = new ShieldDone<T>(*this);
  watched_ = &inner;
  callback_id_ = callback->id();
  inner.add_callback(callback);
}

template <class T>
Future<T> shield_future(Future<T> inner, const std::source_location& where) {
  if (inner.done()) return inner;
  auto* outer = new ShieldFuture<T>(inner.state().scheduler(), where);
  Future<T> future = Future<T>::share(*outer);
  outer->watch(inner.state());
  return future;
}

}  // namespace detail

// A future that ends as the awaitable does, and that can be cancelled without it: `co_await shield(task)` raises
// CancelledError at once when the caller is cancelled, and the task goes on. A coroutine becomes a task. What is done
// already is returned itself. When the inner one is cancelled itself, the outer one is, too.
//
// A failure of the inner one after the outer one was cancelled, or dropped, stays with the inner one, and is reported
// if nobody reads it there. To keep the caller waiting as well, use shielded().
// Throws std::runtime_error when no loop runs.
template <detail::Gatherable A>
auto shield(A awaitable, std::source_location where = std::source_location::current()) {
  return detail::shield_future(detail::to_future(std::move(awaitable)), where);
}

}  // namespace heed

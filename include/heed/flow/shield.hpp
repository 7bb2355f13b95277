// Work that goes on when the one who waits for it is cancelled.
#pragma once

#include <source_location>
#include <utility>

#include "heed/flow/awaitable.hpp"

namespace heed {

namespace detail {

// The future that stands before the shielded one.
template <class T>
class ShieldFuture final : public FutureOf<T> {
 public:
  ShieldFuture(Scheduler& loop, AnyFuture inner, const std::source_location& where)
      : FutureOf<T>(loop, where), inner_(std::move(inner)) {}

  void inner_done() {
    if (this->done()) return;  // the inner one's end is up to its own handles
    FutureState& inner = inner_.state();
    if (!inner.has_value()) {
      end_without_value(*this, inner);
    } else {
      bool guarded = inner.status() == FutureStatus::guarded_value;
      try {
        std::construct_at(&this->slot_.value, stored_copy());
      } catch (...) {
        return this->finish_failed(std::current_exception());
      }
      this->finish_value(guarded);
      if (guarded) return;
    }
    inner_ = {};
  }

 private:
  // This holds one reference, the callback of the inner one another.
  Stored<T> stored_copy() {
    if constexpr (std::copy_constructible<Stored<T>>) {
      return stored_value<T>(inner_.state());
    } else {
      return std::move(stored_value<T>(inner_.state()));
    }
  }
  void value_delivered() noexcept override { inner_.state().deliver_value(); }
  AnyFuture inner_;
};

// The outer future of a shield ends as the inner one did, which has no value.
void end_without_value(FutureState& outer, FutureState& inner) noexcept;

template <class T>
class ShieldDone final : public DoneCallback {
 public:
  explicit ShieldDone(ShieldFuture<T>& outer) : outer_(outer), keep_(AnyFuture::share(outer)) {}

 private:
  void call(FutureState&) override { outer_.inner_done(); }
  std::string describe() const override { return "shield"; }
  ShieldFuture<T>& outer_;
  AnyFuture keep_;
};

template <class T>
Future<T> shield_future(Future<T> inner, const std::source_location& where) {
  if (inner.done()) return inner;
  Scheduler& loop = inner.state().loop();
  auto* outer = new ShieldFuture<T>(loop, inner, where);
  Future<T> future = Future<T>::share(*outer);
  inner.state().add_callback(new ShieldDone<T>(*outer));
  return future;
}

}  // namespace detail

// A future that ends as the awaitable does, and that can be cancelled without it: `co_await shield(task)` raises
// CancelledError at once when the caller is cancelled, and the task goes on. A coroutine becomes a task. What is done
// already is returned itself. When the inner one is cancelled itself, the outer one is, too.
//
// A failure of the inner one after the outer one was cancelled stays with the inner one, and is reported if nobody
// reads it there. To keep the caller waiting as well, use shielded().
// Throws std::runtime_error when no loop runs.
template <detail::Gatherable A>
auto shield(A awaitable, std::source_location where = std::source_location::current()) {
  return detail::shield_future(detail::to_future(std::move(awaitable)), where);
}

}  // namespace heed

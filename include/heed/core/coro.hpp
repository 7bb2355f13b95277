// The coroutine type.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include "heed/core/outcome.hpp"
#include "heed/core/promise.hpp"
#include "heed/core/scheduler.hpp"
#include "heed/core/stored.hpp"
#include "heed/failure/rethrow.hpp"

namespace heed {

template <class T>
class Coro;

namespace detail {

// A coroutine of this library: what its awaitables may be awaited in.
template <class P>
concept CoroutinePromise = std::derived_from<P, PromiseBase>;

template <class T>
struct PromiseWithValue : PromiseBase {
  using PromiseBase::PromiseBase;
  ~PromiseWithValue() {
    if (status_ == FrameStatus::value) std::destroy_at(&slot_.value);
  }
  void unhandled_exception() noexcept {
    if (status_ == FrameStatus::value) {  // the destructor of a local threw after co_return: that outranks the value
      std::destroy_at(&slot_.value);
      status_ = FrameStatus::unfinished;
    }
    exception_left_body();
  }
  FinalAwaiter final_suspend() const noexcept { return {}; }

  Stored<T>&& take_value() noexcept { return std::move(slot_.value); }
  // The result as an await gives it: a value, or the exception thrown.
  [[gnu::always_inline]] T take() {
    if (status_ != FrameStatus::value) [[unlikely]]
      rethrow(hold_failure());
    return unwrap<T>(std::move(slot_.value));
  }
  Outcome<T> take_outcome() {
    if (status_ != FrameStatus::value) return Outcome<T>(take_failure());
    return Outcome<T>(std::move(slot_.value));
  }

  Slot<Stored<T>> slot_;
};

template <class T>
struct CoroPromise final : PromiseWithValue<T> {
  // The default argument is evaluated in the coroutine: its function name, for free. (A coroutine whose only parameter
  // is a source_location hands that in instead, which is as good.)
  explicit CoroPromise(std::source_location where = std::source_location::current()) noexcept
      : PromiseWithValue<T>(where) {}
  Coro<T> get_return_object() noexcept;
  template <class U = T>
  requires std::constructible_from<Stored<T>, U &&> void return_value(U&& value) {
    std::construct_at(&this->slot_.value, std::forward<U>(value));
    this->status_ = FrameStatus::value;
  }
};

template <>
struct CoroPromise<void> final : PromiseWithValue<void> {
  explicit CoroPromise(std::source_location where = std::source_location::current()) noexcept
      : PromiseWithValue<void>(where) {}
  Coro<void> get_return_object() noexcept;
  void return_void() noexcept { status_ = FrameStatus::value; }
};

struct CoroAccess;

}  // namespace detail

// A lazy coroutine: nothing runs until it is awaited, and it is awaited once, by moving it into the await
// (`co_await fetch(url)`, `co_await std::move(coro)`), or handed to create_task(), run(), gather() and their like.
//
// An awaited coroutine runs in its awaiter's task: no loop turn, no new task. Its exception is raised at the await.
// It must stay where it is while it is awaited (a temporary does).
// Awaiting one twice, or one that was moved from, throws InvalidStateError. Dropping one that never ran destroys its
// arguments and, in debug mode, logs "coroutine ... was never awaited".
//
// A lambda coroutine keeps its captures in the lambda, not in the coroutine: the lambda must live until the coroutine
// ends. Functions of this library that take a callable keep it alive themselves.
template <class T = void>
class [[nodiscard]] Coro : public detail::CoroBase {
 public:
  using promise_type = detail::CoroPromise<T>;
  using value_type = T;

  Coro(Coro&&) noexcept = default;
  Coro& operator=(Coro&&) noexcept = default;

  bool await_ready() const {
    check_awaitable();
    return false;
  }
  template <detail::CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) noexcept {
    link(awaiter.promise(), site);
    return detail::running_scheduler->transfer(promise().handle());
  }
  [[gnu::always_inline]] T await_resume() { return full_promise().take(); }

 protected:
  promise_type& full_promise() const noexcept { return static_cast<promise_type&>(promise()); }

 private:
  friend promise_type;
  friend struct detail::CoroAccess;
  explicit Coro(detail::PromiseBase& promise) noexcept : CoroBase(promise.handle().address()) {
    static_assert(alignof(promise_type) <= 16, "the result of a coroutine must not be aligned above 16 bytes");
  }
};

namespace detail {

template <class T>
Coro<T> CoroPromise<T>::get_return_object() noexcept {
  return Coro<T>(*this);
}
inline Coro<void> CoroPromise<void>::get_return_object() noexcept { return Coro<void>(*this); }

// For the runtime.
struct CoroAccess {
  template <class T>
  static bool awaitable(const Coro<T>& coro) noexcept {
    return coro.awaitable();
  }
  // Throws InvalidStateError for one that was awaited or moved from.
  template <class T>
  static PromiseBase& promise(const Coro<T>& coro) {
    coro.check_awaitable();
    return coro.promise();
  }
  // The frame's next owner is the caller.
  template <class T>
  static PromiseBase& take(Coro<T>& coro) noexcept {
    return PromiseBase::of(coro.take_frame());
  }
  // Throws InvalidStateError for one that was awaited or moved from.
  template <class T>
  static void require_awaitable(const Coro<T>& coro) {
    coro.check_awaitable();
  }
  // Where the coroutine is defined; for one that was not awaited.
  template <class T>
  static std::source_location site(const Coro<T>& coro) {
    coro.check_awaitable();
    return coro.promise().site_;
  }
};

template <class T>
class [[nodiscard]] CoroAsResult : public Coro<T> {
 public:
  explicit CoroAsResult(Coro<T>&& coro) noexcept : Coro<T>(std::move(coro)) {}
  Outcome<T> await_resume() { return this->full_promise().take_outcome(); }
};

template <class T>
class [[nodiscard]] PassingCoro : public Coro<T> {
 public:
  explicit PassingCoro(Coro<T>&& coro) noexcept : Coro<T>(std::move(coro)) {}
  template <CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) noexcept {
    this->promise().passes_ = true;
    return Coro<T>::await_suspend(awaiter, site);
  }
};

template <class T>
struct IsCoro : std::false_type {};
template <class T>
struct IsCoro<Coro<T>> : std::true_type {};

// What is called and not awaited. A coroutine function is none: nothing of its coroutine would run (asyncio refuses it in
// debug mode).
template <class F, class... A>
concept Callback = std::invocable<F&, A...> && !IsCoro<std::invoke_result_t<F&, A...>>::value;

}  // namespace detail

// `co_await as_result(f())` gives an Outcome<T> and never throws: an exception of f(), a cancellation included, is in
// the outcome. Whoever swallows a cancellation this way refuses it: hand it on when it is not yours.
template <class T>
detail::CoroAsResult<T> as_result(Coro<T> coro) {
  return detail::CoroAsResult<T>(std::move(coro));
}

// `co_await pass(f())` gives f()'s value; a failure or cancellation of f() finishes this coroutine at once with the
// same exception, without throwing it here: about 20 ns a level instead of 1.3 us. Locals are destroyed as usual, but
// a try block around it in this coroutine does not see the exception.
template <class T>
detail::PassingCoro<T> pass(Coro<T> coro) {
  return detail::PassingCoro<T>(std::move(coro));
}

}  // namespace heed

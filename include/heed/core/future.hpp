// Handles to a value to come.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

#include "heed/core/callable.hpp"
#include "heed/core/coro.hpp"
#include "heed/core/future_state.hpp"

namespace heed {

class EventLoop;
template <class T>
class Future;

// Names one registration of a done callback.
enum class CallbackId : std::uint64_t {};

// A future or task whatever its type: everything but the value. Copies share one state; the last one to go reports a
// failure that nobody read. Belongs to the thread of its loop.
class AnyFuture {
 public:
  AnyFuture() noexcept = default;
  AnyFuture(const AnyFuture& other) noexcept : AnyFuture(other.state_) {}
  AnyFuture(AnyFuture&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  // Two of them, here and in the other handles, not one that takes a copy: in a template clang 16 forgets to destroy the
  // argument that `handle = {}` makes.
  AnyFuture& operator=(const AnyFuture& other) noexcept { return *this = AnyFuture(other); }
  AnyFuture& operator=(AnyFuture&& other) noexcept {
    AnyFuture taken(std::move(other));
    std::swap(state_, taken.state_);
    return *this;
  }
  ~AnyFuture() {
    if (state_) state_->release();
  }

  // False for a default-constructed or moved-from handle. Calling anything else on such a handle throws
  // InvalidStateError.
  bool valid() const noexcept { return state_ != nullptr; }
  explicit operator bool() const noexcept { return valid(); }
  friend bool operator==(const AnyFuture& a, const AnyFuture& b) noexcept { return a.state_ == b.state_; }

  bool done() const { return state().done(); }
  // Ended by cancellation.
  bool cancelled() const { return state().status() == detail::FutureStatus::cancelled; }
  bool is_task() const { return state().is_task(); }
  EventLoop& loop() const;

  // Requests cancellation; false when it is done already. A plain future is cancelled at once, and all who wait for it
  // get CancelledError. A task gets CancelledError at its await, and may refuse. A failure that it holds stays as it
  // is and is reported if nobody reads it (asyncio forgets it here).
  bool cancel(std::string_view message = {}, std::source_location where = std::source_location::current());

  // The exception it ended with, null when it has a value; counts as retrieved. Throws InvalidStateError while it is
  // pending and CancelledError when it was cancelled.
  std::exception_ptr exception() const { return state().exception(); }

  // Calls `function`, with this handle or without arguments, one loop iteration after it is done (or now, when it is
  // done). In the context of this call. What it throws goes to the exception handler. Throws std::invalid_argument for
  // a null function.
  template <class F>
  CallbackId add_done_callback(F function) {
    return add_callback<AnyFuture>(std::move(function));
  }
  // Takes a callback back; returns how many there were: 0 when it was scheduled already.
  std::size_t remove_done_callback(CallbackId id) { return state().remove_callback(static_cast<std::uint64_t>(id)); }
  // All registrations of an equal function (a function pointer, or any type with ==).
  template <std::equality_comparable F>
  std::size_t remove_done_callback(const F& function) {
    return state().remove_callbacks(&detail::type_tag<F>, &function);
  }

  // For the runtime.
  detail::FutureState& state() const {
    if (!state_) [[unlikely]]
      no_state();
    return *state_;
  }
  static AnyFuture share(detail::FutureState& state) noexcept { return AnyFuture(&state); }

 protected:
  explicit AnyFuture(detail::FutureState* state) noexcept : state_(state) {
    if (state_) state_->retain();
  }
  template <class Handle, class F>
  CallbackId add_callback(F function);

 private:
  [[noreturn]] static void no_state();
  detail::FutureState* state_ = nullptr;
};

namespace detail {

template <class T>
class FutureOf : public FutureState {
 public:
  static_assert(alignof(Stored<T>) <= Pool::granularity, "the result of a future must not be aligned above 16 bytes");
  using FutureState::FutureState;
  ~FutureOf() override {
    if (has_value()) std::destroy_at(&slot_.value);
  }
  template <class... Args>
  void set_value(Args&&... args) {
    std::construct_at(&slot_.value, std::forward<Args>(args)...);
    finish_value();
  }
  Slot<Stored<T>> slot_;
};

template <class T>
class TaskOf;
template <class T>
Stored<T>& stored_value(FutureState& state) noexcept;

// The value, moved out when the caller has the last reference, else copied if it can be.
template <class T>
Stored<T> take_stored(FutureState& state) {
  if constexpr (std::copy_constructible<Stored<T>>) {
    if (state.references() > 1) return stored_value<T>(state);
  }
  return std::move(stored_value<T>(state));
}

template <class Handle, class F>
class DoneFunction final : public DoneCallback {
 public:
  static_assert(alignof(F) <= Pool::granularity, "a callback must not be aligned above 16 bytes");
  explicit DoneFunction(F function)
      : DoneCallback(copy_of_current_context(), next_id()), function_(std::move(function)) {}
  bool same_as(const void* tag, const void* function) const noexcept override {
    if constexpr (std::equality_comparable<F>) {
      return tag == &type_tag<F> && function_ == *static_cast<const F*>(function);
    } else {
      return DoneCallback::same_as(tag, function);
    }
  }

 private:
  void call(FutureState& future) override {
    if constexpr (std::invocable<F&, Handle>) {
      function_(Handle::share(future));
    } else {
      static_cast<void>(future);
      function_();
    }
  }
  std::string describe() const override { return "done callback " + demangle(typeid(F).name()); }
  F function_;
};

// Begins the wait of the running task for `state`. False when there is nothing to wait for.
inline bool wait_for_future(PromiseBase& awaiter, FutureState& state, const std::source_location& site) noexcept {
  Scheduler& scheduler = *running_scheduler;
  awaiter.site_ = site;
  if (state.done()) {
    scheduler.step_frame.set_continued(awaiter);  // it goes on at once: failure_to_deliver()
    return false;
  }
  suspend_task_on(scheduler, awaiter, state);
  return true;
}
// Keeps the future alive for as long as the await lasts.
template <class T>
class FutureAwaiterBase {
 public:
  explicit FutureAwaiterBase(AnyFuture future) noexcept : future_(std::move(future)) {}
  bool await_ready() const {
    FutureState& state = future_.state();
    if (state.status() == FutureStatus::value) return true;
    if (!state.done()) state.check_awaitable();
    return false;
  }
  template <CoroutinePromise P>
  bool await_suspend(std::coroutine_handle<P> awaiter,
                     std::source_location site = std::source_location::current()) const noexcept {
    return wait_for_future(awaiter.promise(), future_.state(), site);
  }

 protected:
  [[gnu::always_inline]] Stored<T>& value() const {
    check_cancelled();
    FutureState& state = future_.state();
    if (state.status() != FutureStatus::value) [[unlikely]]
      require_delivery(state);
    return stored_value<T>(state);
  }
  [[gnu::always_inline]] Stored<T> taken() const {
    value();
    return take_stored<T>(future_.state());
  }
  AnyFuture future_;
};

template <class T>
class ViewAwaiter : public FutureAwaiterBase<T> {
 public:
  using FutureAwaiterBase<T>::FutureAwaiterBase;
  [[gnu::always_inline]] Viewed<T> await_resume() const { return view<T>(this->value()); }
};

template <class T>
class TakeAwaiter : public FutureAwaiterBase<T> {
 public:
  using FutureAwaiterBase<T>::FutureAwaiterBase;
  [[gnu::always_inline]] T await_resume() const { return unwrap<T>(this->taken()); }
};

template <class T>
class FutureAsResult : public FutureAwaiterBase<T> {
 public:
  using FutureAwaiterBase<T>::FutureAwaiterBase;
  Outcome<T> await_resume() const {
    if (running_scheduler->deliver_cancel) [[unlikely]]
      return Outcome<T>::cancelled_with(take_cancel_reason(*running_scheduler));
    FutureState& state = this->future_.state();
    if (state.status() == FutureStatus::guarded_value) state.deliver_value();
    if (state.status() == FutureStatus::cancelled) return Outcome<T>::cancelled_with(state.cancel_reason());
    if (state.status() != FutureStatus::value) return Outcome<T>(state.take_exception());
    return Outcome<T>(take_stored<T>(state));
  }
};

template <class T>
class PassingFuture : public FutureAwaiterBase<T> {
 public:
  using FutureAwaiterBase<T>::FutureAwaiterBase;
  template <CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) const noexcept {
    PromiseBase& promise = awaiter.promise();
    FutureState& state = this->future_.state();
    if (!wait_for_future(promise, state, site)) {
      std::exception_ptr failure = state.failure_for_awaiter(promise);
      return failure ? finish_with(promise, std::move(failure)) : awaiter;
    }
    pass_failure_of_wait();
    return std::noop_coroutine();
  }
  [[gnu::always_inline]] T await_resume() const { return unwrap<T>(this->taken()); }
};

}  // namespace detail

// A shared handle to a value to come. Copies share one state. Await it any number of times, from any number of tasks:
// `co_await future` gives T& for an lvalue; for an rvalue T, moved out when it is the last handle, else copied.
//
// On cancel of the awaiting task: the future is cancelled with it (as in asyncio), for a task: see Task.
template <class T = void>
class Future : public AnyFuture {
 public:
  using value_type = T;

  Future() noexcept = default;

  // Throws InvalidStateError while it is pending, what it failed with (which is then retrieved), or CancelledError.
  detail::Viewed<T> result() const {
    state().require_value();
    return detail::view<T>(detail::stored_value<T>(state()));
  }

  // Each throws InvalidStateError when it is done, and std::runtime_error for a task. Waiters continue in the next
  // loop iteration, in order. An exception set is a failure: somebody reads it, or it is reported.
  template <class... Args>
  requires std::constructible_from<detail::Stored<T>, Args &&...> void set_result(Args&&... args) {
    detail::require_settable(state(), "set_result");
    static_cast<detail::FutureOf<T>&>(state()).set_value(std::forward<Args>(args)...);
  }
  void set_exception(std::exception_ptr exception) { detail::set_exception(state(), std::move(exception)); }
  template <class E>
  requires(!std::same_as<std::decay_t<E>, std::exception_ptr>) void set_exception(E&& exception) {
    set_exception(std::make_exception_ptr(std::forward<E>(exception)));
  }

  template <class F>
  CallbackId add_done_callback(F function) {
    return add_callback<Future>(std::move(function));
  }

  detail::ViewAwaiter<T> operator co_await() const& noexcept { return detail::ViewAwaiter<T>(*this); }
  detail::TakeAwaiter<T> operator co_await() && noexcept { return detail::TakeAwaiter<T>(std::move(*this)); }

  static Future share(detail::FutureState& state) noexcept { return Future(&state); }

 protected:
  explicit Future(detail::FutureState* state) noexcept : AnyFuture(state) {}
};

// As for coroutines: an Outcome instead of an exception ...
template <class T>
detail::FutureAsResult<T> as_result(Future<T> future) {
  return detail::FutureAsResult<T>(std::move(future));
}
// ... or the failure handed on to this coroutine's awaiter without a throw.
template <class T>
detail::PassingFuture<T> pass(Future<T> future) {
  return detail::PassingFuture<T>(std::move(future));
}

template <class Handle, class F>
CallbackId AnyFuture::add_callback(F function) {
  static_assert(std::invocable<F&, Handle> ? detail::Callback<F, Handle> : detail::Callback<F>,
                "a done callback takes the future, or nothing, and is no coroutine function");
  detail::require_callable(function, "add_done_callback");
  detail::FutureState& target = state();
  auto* callback = new detail::DoneFunction<Handle, F>(std::move(function));
  CallbackId id{callback->id()};
  target.add_callback(callback);
  return id;
}

}  // namespace heed

// The bodies of scopes: what `timeout(5s, body)`, `task_group(body)` and their like accept and how they run it.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "heed/core/coro.hpp"
#include "heed/core/future.hpp"
#include "heed/core/leaf.hpp"

namespace heed::detail {

// What a body is in the end: a coroutine, or whatever else can be awaited as one.
template <class T>
Coro<T> to_coro(Coro<T> coro) {
  return coro;
}
template <class A>
requires requires(A&& awaitable) { as_coro(std::move(awaitable)); }
auto to_coro(A awaitable) { return as_coro(std::move(awaitable)); }
template <class T>
Coro<T> to_coro(Future<T> future) {
  co_return co_await pass(std::move(future));
}
template <class A>
concept Startable = requires(A&& awaitable) {
  to_coro(std::forward<A>(awaitable));
};

// What can be awaited, or a callable that gives it, with the scope or without arguments.
template <class F, class Scope>
concept BodyWithScope = requires(F& body, Scope& scope) {
  requires Startable<std::invoke_result_t<F&, Scope&>>;
};
template <class F, class Scope>
concept Body = Startable<F> || BodyWithScope<F, Scope> || requires(F& body) {
  requires Startable<std::invoke_result_t<F&>>;
};

template <class F, class Scope>
auto call_body(F& body, Scope& scope) {
  if constexpr (Startable<F>) {
    return to_coro(std::move(body));
  } else if constexpr (BodyWithScope<F, Scope>) {
    return to_coro(std::invoke(body, scope));
  } else {
    return to_coro(std::invoke(body));
  }
}
template <class F, class Scope>
using BodyValue = typename decltype(call_body(std::declval<F&>(), std::declval<Scope&>()))::value_type;

// `co_await Fail(exception)` finishes this coroutine with the exception, as `throw` would, without a throw. Nothing of
// the frame is destroyed before the frame itself is: leave every scope first.
class [[nodiscard]] Fail {
 public:
  explicit Fail(std::exception_ptr exception) noexcept : exception_(std::move(exception)) {}
  bool await_ready() const noexcept { return false; }
  template <CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) noexcept {
    awaiter.promise().site_ = site;
    return finish_with(awaiter.promise(), std::move(exception_));
  }
  [[noreturn]] void await_resume() const noexcept { std::terminate(); }

 private:
  std::exception_ptr exception_;
};

template <class T>
Coro<T> failing(std::exception_ptr exception) {
  co_await Fail(std::move(exception));
  std::terminate();
}

// A callable that throws before it has made its coroutine failed inside of the scope as well.
template <class F, class Scope>
Coro<BodyValue<F, Scope>> start_body(F& body, Scope& scope) {
  try {
    return call_body(body, scope);
  } catch (...) {
    return failing<BodyValue<F, Scope>>(std::current_exception());
  }
}

}  // namespace heed::detail

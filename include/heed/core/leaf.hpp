// What everything that a task can be suspended at offers beside co_await itself.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <source_location>
#include <utility>

#include "heed/core/coro.hpp"
#include "heed/core/future_state.hpp"

namespace heed::detail {

// An awaitable of the library that is no coroutine and no future: it is its own awaiter, awaited once, and movable
// until then. `value_type` is what the await gives. When the task continues, take_failure() comes first: what the await
// throws, or null when take_value() gives the value. Asked again after it was null, it is null. await_suspend() returns
// nothing, or false when it did not suspend because the await fails.
template <class A>
concept LeafAwaitable = std::move_constructible<A> && requires(A& awaitable) {
  typename A::value_type;
  { awaitable.take_failure() } -> std::same_as<std::exception_ptr>;
  { awaitable.take_value() } -> std::same_as<typename A::value_type>;
};

template <LeafAwaitable A>
class [[nodiscard]] LeafAsResult {
 public:
  using value_type = typename A::value_type;

  explicit LeafAsResult(A&& leaf) noexcept(std::is_nothrow_move_constructible_v<A>) : leaf_(std::move(leaf)) {}
  bool await_ready() { return leaf_.await_ready(); }
  template <CoroutinePromise P>
  auto await_suspend(std::coroutine_handle<P> awaiter, std::source_location site = std::source_location::current()) {
    return leaf_.await_suspend(awaiter, site);
  }
  Outcome<value_type> await_resume() {
    std::exception_ptr failure = leaf_.take_failure();
    if (failure) return Outcome<value_type>(std::move(failure));
    try {
      if constexpr (std::is_void_v<value_type>) {
        leaf_.take_value();
        return Outcome<value_type>(Nothing());
      } else {
        return Outcome<value_type>(leaf_.take_value());
      }
    } catch (...) {
      return Outcome<value_type>(std::current_exception());
    }
  }

 private:
  A leaf_;
};

template <LeafAwaitable A>
class [[nodiscard]] PassingLeaf {
 public:
  explicit PassingLeaf(A&& leaf) noexcept(std::is_nothrow_move_constructible_v<A>) : leaf_(std::move(leaf)) {}
  bool await_ready() { return leaf_.await_ready(); }
  template <CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) {
    if constexpr (std::is_void_v<decltype(leaf_.await_suspend(awaiter, site))>) {
      leaf_.await_suspend(awaiter, site);
    } else if (!leaf_.await_suspend(awaiter, site)) {
      std::exception_ptr failure = leaf_.take_failure();
      return failure ? finish_with(awaiter.promise(), std::move(failure)) : awaiter;
    }
    pass_failure_of_wait();
    return std::noop_coroutine();
  }
  [[gnu::always_inline]] typename A::value_type await_resume() { return leaf_.await_resume(); }

 private:
  A leaf_;
};

}  // namespace heed::detail

namespace heed {

// As for coroutines and futures, for whatever else the library lets a task wait for: an Outcome instead of an
// exception; the failure handed on without a throw; a coroutine for what takes one.
template <detail::LeafAwaitable A>
detail::LeafAsResult<A> as_result(A awaitable) {
  return detail::LeafAsResult<A>(std::move(awaitable));
}
template <detail::LeafAwaitable A>
detail::PassingLeaf<A> pass(A awaitable) {
  return detail::PassingLeaf<A>(std::move(awaitable));
}
template <detail::LeafAwaitable A>
Coro<typename A::value_type> as_coro(A awaitable) {
  co_return co_await std::move(awaitable);
}

}  // namespace heed

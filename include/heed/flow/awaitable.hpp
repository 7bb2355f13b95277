// What the functions of this floor accept in place of a future.
#pragma once

#include <concepts>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "heed/core/event_loop.hpp"
#include "heed/core/sleep.hpp"
#include "heed/core/task.hpp"

namespace heed::detail {

// A future of whatever can be awaited: futures and tasks as they are, coroutines and the rest as new tasks of the running
// loop.
// Such a task's creation site is its coroutine: the call of gather() is not known here.
template <class T>
Future<T> to_future(Future<T> future) {
  return future;
}
template <class T>
Future<T> to_future(Task<T> task) {
  return task;
}
template <class T>
Future<T> to_future(Coro<T> coro) {
  std::source_location site = CoroAccess::site(coro);
  return create_task(std::move(coro), {}, site);
}
template <LeafAwaitable A>
Future<typename A::value_type> to_future(A awaitable) {
  return to_future(as_coro(std::move(awaitable)));
}
template <CoroutineFunction F>
auto to_future(F function) {
  return to_future(call_and_keep<CoroutineValue<F>>(std::move(function)));
}

template <class A>
concept Gatherable = requires(A&& awaitable) {
  to_future(std::forward<A>(awaitable));
};
template <class A>
using FutureValue = typename decltype(to_future(std::declval<A>()))::value_type;

// What is awaited as a part of the calling task: a callable that makes a coroutine, as that coroutine.
template <Gatherable A>
auto awaited_in_place(A awaitable) {
  if constexpr (CoroutineFunction<A>) {
    return call_and_keep<CoroutineValue<A>>(std::move(awaitable));
  } else {
    return awaitable;
  }
}

// The same for futures and tasks whose type is not known: their value stays where it is.
template <class A>
concept AnyHandle = std::same_as<A, AnyFuture> || std::same_as<A, AnyTask>;
template <class A>
concept Child = Gatherable<A> || AnyHandle<A>;

inline AnyFuture to_child(AnyFuture future) { return future; }
template <Gatherable A>
AnyFuture to_child(A awaitable) {
  return to_future(std::move(awaitable));
}
template <class A>
struct ChildValueOf {
  using type = FutureValue<A>;
};
template <AnyHandle A>
struct ChildValueOf<A> {
  using type = void;
};
template <class A>
using ChildValue = typename ChildValueOf<A>::type;

// The handle that stands for the child: its own, a task for what becomes one.
template <class A>
struct ChildHandleOf {
  using type = Task<ChildValue<A>>;
};
template <std::derived_from<AnyFuture> A>
struct ChildHandleOf<A> {
  using type = A;
};
template <class A>
using ChildHandle = typename ChildHandleOf<A>::type;

template <class R>
concept ChildRange = std::ranges::input_range<R> && Child<std::ranges::range_value_t<R>>;

template <Child... A>
std::vector<AnyFuture> children_of(A&&... awaitables) {
  std::vector<AnyFuture> children;
  children.reserve(sizeof...(A));
  (children.push_back(to_child(std::move(awaitables))), ...);
  return children;
}
template <ChildRange R>
std::vector<AnyFuture> children_in(R&& range) {
  std::vector<AnyFuture> children;
  if constexpr (std::ranges::sized_range<R>) children.reserve(std::ranges::size(range));
  for (auto&& item : range) {
    if constexpr (std::is_lvalue_reference_v<R>) {
      children.push_back(to_child(item));
    } else {
      children.push_back(to_child(std::move(item)));
    }
  }
  return children;
}

// `co_await PassingEnd(future)`, of one that is done: what it failed with ends this coroutine, as by pass(). A value stays
// where it is, and so do failures in it that are still to be read.
class [[nodiscard]] PassingEnd : public PassingFuture<void> {
 public:
  using PassingFuture<void>::PassingFuture;
  bool await_ready() const { return future_.state().has_value(); }
  [[gnu::always_inline]] void await_resume() const {
    check_cancelled();
    if (!future_.state().has_value()) require_delivery(future_.state());
  }
};

// A result where there must be an object: std::monostate for void, std::reference_wrapper for a reference.
template <class T>
using ValueObject = std::conditional_t<std::is_void_v<T>, std::monostate, Stored<T>>;

}  // namespace heed::detail

// What the functions of this floor accept in place of a future.
#pragma once

#include <concepts>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

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

// A result where there must be an object: std::monostate for void, std::reference_wrapper for a reference.
template <class T>
using ValueObject = std::conditional_t<std::is_void_v<T>, std::monostate, Stored<T>>;

template <class R>
concept GatherableRange = std::ranges::input_range<R> && Gatherable<std::ranges::range_value_t<R>>;

}  // namespace heed::detail

// Waiting for several at once, without taking their results.
#pragma once

#include <concepts>
#include <optional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/core/delay.hpp"
#include "heed/core/task.hpp"

namespace heed {

enum class ReturnWhen { all_completed, first_completed, first_exception };
inline constexpr ReturnWhen ALL_COMPLETED = ReturnWhen::all_completed;
inline constexpr ReturnWhen FIRST_COMPLETED = ReturnWhen::first_completed;
inline constexpr ReturnWhen FIRST_EXCEPTION = ReturnWhen::first_exception;

// Both in the order of the argument (asyncio gives sets).
template <class Handle>
struct WaitResult {
  std::vector<Handle> done;
  std::vector<Handle> pending;
};

namespace detail {

// Returns when the condition holds or the time is over. Leaves no callbacks behind, also when it is cancelled.
Coro<void> wait_until(std::vector<AnyFuture> futures, ReturnWhen when, std::optional<Duration> timeout);

template <class Handle>
Coro<WaitResult<Handle>> wait_for_all(std::vector<Handle> futures, ReturnWhen when, std::optional<Duration> timeout) {
  std::vector<AnyFuture> watched(futures.begin(), futures.end());
  co_await pass(wait_until(std::move(watched), when, timeout));
  WaitResult<Handle> result;
  for (Handle& future : futures) (future.done() ? result.done : result.pending).push_back(std::move(future));
  co_return std::move(result);
}

// The positions that hold a future for the first time.
std::vector<bool> first_occurrences(const std::vector<const FutureState*>& futures);

template <class Handle>
std::vector<Handle> without_repeats(std::vector<Handle> futures) {
  std::vector<const FutureState*> states;
  for (const Handle& future : futures) states.push_back(&future.state());
  std::vector<bool> first = first_occurrences(states);
  std::vector<Handle> unique;
  for (std::size_t i = 0; i < futures.size(); ++i)
    if (first[i]) unique.push_back(std::move(futures[i]));
  return unique;
}

template <class R>
using HandleOf = std::ranges::range_value_t<R>;

template <class R>
std::vector<HandleOf<R>> handles_of(R&& range) {
  using Handle = HandleOf<R>;
  static_assert(std::derived_from<Handle, AnyFuture>, "Passing coroutines is forbidden, use tasks explicitly.");
  std::vector<Handle> futures;
  for (auto&& future : range) futures.push_back(future);
  return without_repeats(std::move(futures));
}

}  // namespace detail

// Waits until all of the futures are done, or the first one, or the first that failed (a cancelled one is not one).
// Returns who is done by then and who is not. Never raises what they failed with, never cancels them and does not look
// at their failures: those are still to be read. The same future given twice counts once.
//
// With a timeout it returns what it has when the time is over: that is no error.
// On cancel: ends at once; the futures go on.
// Throws std::invalid_argument for an empty range or an unknown mode, when it is awaited.
template <std::ranges::input_range R>
auto wait(R&& futures, ReturnWhen when = ReturnWhen::all_completed) {
  return detail::wait_for_all(detail::handles_of(std::forward<R>(futures)), when, std::nullopt);
}
template <std::ranges::input_range R, class Rep, class Period>
auto wait(R&& futures, std::chrono::duration<Rep, Period> timeout, ReturnWhen when = ReturnWhen::all_completed) {
  return detail::wait_for_all(detail::handles_of(std::forward<R>(futures)), when, to_delay(timeout));
}
// Futures of several types: the result has AnyFuture handles, which compare equal to those given.
template <std::derived_from<AnyFuture>... F>
requires(sizeof...(F) > 0) auto wait(ReturnWhen when, const F&... futures) {
  std::vector<AnyFuture> all{futures...};
  return detail::wait_for_all(detail::without_repeats(std::move(all)), when, std::nullopt);
}

}  // namespace heed

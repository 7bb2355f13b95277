// Several ways to one result, started one after the other.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <ranges>
#include <source_location>
#include <utility>
#include <vector>

#include "heed/core/delay.hpp"
#include "heed/flow/awaitable.hpp"

namespace heed {

// How a race ended.
template <class T>
struct RaceResult {
  detail::ValueObject<T> value;
  std::size_t index;  // of the winner
  // Of each that was started: what it failed with, CancelledError if it was too late, null for the winner.
  std::vector<std::exception_ptr> exceptions;
};

namespace detail {

using RaceStarter = std::function<AnyFuture(std::size_t index)>;

// All have ended; one of them has a value.
struct RaceEnd {
  std::vector<AnyFuture> started;
  std::size_t winner = 0;
};
Coro<RaceEnd> run_race(RaceStarter start, std::size_t count, std::optional<Duration> delay);

// Where the running task is.
RegionState* region_of_running_task();

template <class T, class F>
Coro<RaceResult<T>> race(std::vector<F> functions, std::optional<Duration> delay, std::source_location where) {
  RaceStarter start = [&functions, &where](std::size_t index) -> AnyFuture {
    return make_task(scheduler_for_new_task(), call_and_keep<T>(std::move(functions[index])), TaskOptions(), where,
                     region_of_running_task());
  };
  RaceEnd end = co_await pass(run_race(std::move(start), functions.size(), delay));
  std::vector<std::exception_ptr> exceptions;
  exceptions.reserve(end.started.size());
  for (const AnyFuture& future : end.started)
    exceptions.push_back(future.state().has_value() ? nullptr : future.state().take_exception());
  FutureState& winner = end.started[end.winner].state();
  if constexpr (std::is_void_v<T>) {
    co_return RaceResult<T>{{}, end.winner, std::move(exceptions)};
  } else {
    co_return RaceResult<T>{take_stored<T>(winner), end.winner, std::move(exceptions)};
  }
}

template <class R>
concept RaceRange = std::ranges::input_range<R> && CoroutineFunction<std::ranges::range_value_t<R>>;

template <class F, class... Rest>
using RaceFunction = std::function<Coro<CoroutineValue<F>>()>;

}  // namespace detail

// `co_await staggered_race(250ms, first, second, ...)`: starts the first callable, which makes a coroutine; the next one
// when the one before it has failed, or has not ended after `delay`; and so on. The first that gives a value wins: the
// others are cancelled, and when they have ended, its result comes out, with what the others failed with. ("Happy
// eyeballs", RFC 8305; asyncio.staggered.staggered_race().) With std::nullopt the next one starts only after a failure.
//
// When all have failed: one ExceptionGroup of it, in the order of their start. A KeyboardInterrupt or SystemExit ends the
// race and is raised by itself; the other failures are then reported.
// On cancel: all are cancelled; CancelledError comes out when they have ended, and what failed is reported. The result of
// a winner is dropped then.
// Throws std::invalid_argument for a NaN, or without callables.
template <class Rep, class Period, detail::CoroutineFunction F, detail::CoroutineFunction... Rest>
auto staggered_race(std::chrono::duration<Rep, Period> delay, F first, Rest... rest) {
  std::vector<detail::RaceFunction<F>> functions;
  functions.reserve(1 + sizeof...(Rest));
  functions.push_back(std::move(first));
  (functions.push_back(std::move(rest)), ...);
  return detail::race<detail::CoroutineValue<F>>(std::move(functions), std::optional(to_delay(delay)),
                                                 std::source_location());
}
template <detail::CoroutineFunction F, detail::CoroutineFunction... Rest>
auto staggered_race(std::nullopt_t, F first, Rest... rest) {
  std::vector<detail::RaceFunction<F>> functions;
  functions.reserve(1 + sizeof...(Rest));
  functions.push_back(std::move(first));
  (functions.push_back(std::move(rest)), ...);
  return detail::race<detail::CoroutineValue<F>>(std::move(functions), std::nullopt, std::source_location());
}
// The same for a range of them.
template <detail::RaceRange R, class Rep, class Period>
auto staggered_race(R&& functions, std::chrono::duration<Rep, Period> delay,
                    std::source_location where = std::source_location::current()) {
  using F = std::ranges::range_value_t<R>;
  std::vector<F> all;
  for (auto&& function : functions) all.push_back(static_cast<decltype(function)>(function));
  return detail::race<detail::CoroutineValue<F>>(std::move(all), std::optional(to_delay(delay)), where);
}
template <detail::RaceRange R>
auto staggered_race(R&& functions, std::nullopt_t, std::source_location where = std::source_location::current()) {
  using F = std::ranges::range_value_t<R>;
  std::vector<F> all;
  for (auto&& function : functions) all.push_back(static_cast<decltype(function)>(function));
  return detail::race<detail::CoroutineValue<F>>(std::move(all), std::nullopt, where);
}

}  // namespace heed

// What C++ cannot write: a co_await on the way out of a scope, or in a catch block.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "heed/core/scheduler.hpp"
#include "heed/failure/handlers.hpp"
#include "heed/flow/awaitable.hpp"
#include "heed/flow/body.hpp"

namespace heed {

namespace detail {

// For bodies that are given nothing.
struct NoScope {};

template <class F>
concept PlainBody = Body<F, NoScope>;
template <class F>
using PlainBodyValue = BodyValue<F, NoScope>;

// An exception that waits while its cleanup or its handler runs, with all that is known about it.
class KeptFailure {
 public:
  explicit KeptFailure(std::exception_ptr exception) noexcept;
  KeptFailure(const KeptFailure&) = delete;
  KeptFailure& operator=(const KeptFailure&) = delete;
  // The coroutine is destroyed while it waits: an error is reported.
  ~KeptFailure();

  const std::exception_ptr& exception() const noexcept { return exception_; }
  // What goes on: this exception, or `newer`, if that is another one, which was raised on top of it. Then this one is a
  // failure of its own, the cause of the newer one, and `while_doing` ("cleaning up after") connects them in a note. When
  // the newer one is a cancellation, which is nobody's failure, this one is reported.
  std::exception_ptr replaced_by(const std::exception_ptr& newer, std::string_view while_doing) noexcept;
  // It was dealt with.
  void forget() noexcept { exception_ = nullptr; }

 private:
  std::exception_ptr exception_;
  Trail::Kept known_;
};

// A plain cleanup failed while its coroutine was destroyed.
void report_cleanup(std::exception_ptr exception) noexcept;

template <class F>
concept PlainCleanup = std::invocable<F&> && !Startable<std::invoke_result_t<F&>>;
template <class F>
concept Cleanup = PlainCleanup<F> || PlainBody<F>;

// Runs a cleanup, once: also when the coroutine that it is for is destroyed, if it need not be awaited.
template <class F>
class CleanupRunner {
 public:
  explicit CleanupRunner(F& function) noexcept : function_(function) {}
  CleanupRunner(const CleanupRunner&) = delete;
  CleanupRunner& operator=(const CleanupRunner&) = delete;
  ~CleanupRunner() {
    if constexpr (PlainCleanup<F>) {
      if (std::exception_ptr failure = run_now()) report_cleanup(std::move(failure));
    }
  }

  // What it failed with, or null.
  std::exception_ptr run_now() noexcept {
    if (std::exchange(done_, true)) return nullptr;
    try {
      std::invoke(function_);
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  }

 private:
  F& function_;
  bool done_ = false;
};

template <class F, class C>
Coro<PlainBodyValue<F>> run_finally(F body, C cleanup) {
  NoScope none;
  CleanupRunner<C> runner(cleanup);
  auto outcome = co_await as_result(start_body(body, none));
  KeptFailure kept(outcome.exception());
  std::exception_ptr failure;
  if constexpr (PlainCleanup<C>) {
    failure = runner.run_now();
  } else {
    auto cleaned = co_await as_result(start_body(cleanup, none));
    failure = cleaned.exception();
  }
  failure = kept.replaced_by(failure, "cleaning up after");
  if (failure) co_await Fail(std::move(failure));
  co_return std::move(outcome).value();
}

}  // namespace detail

// `co_await finally(body, cleanup)`: runs the body, a coroutine or whatever else can be awaited, or a callable that makes
// one, then the cleanup: the same, or a callable that just does it. The cleanup runs however the body ends: with a value,
// a failure or a cancellation; then that comes out.
//
// When the cleanup fails, its exception comes out. A failure of the body is not lost then: it is the cause of the new
// one, a failure of its own in the books with the disposition `merged`, and a report of the new one has a note that tells
// about it. If the cleanup is cancelled on top of a failure, that failure is reported.
//
// On cancel: the body is cancelled and the cleanup runs. A second request interrupts the cleanup, as in asyncio: write
// `finally(body, [&] { return shielded(cleanup()); })` where it must not.
// Not run: a cleanup that has to be awaited when the coroutine is destroyed unfinished, as when its loop is closed; what
// must happen then too belongs into a destructor or a cleanup that is a plain function.
template <detail::PlainBody F, detail::Cleanup C>
auto finally(F body, C cleanup) {
  return detail::run_finally(std::move(body), std::move(cleanup));
}

namespace detail {

template <class A>
using ResourceOf = FutureValue<A>;
template <class F, class A>
concept ResourceBody = BodyWithScope<F, std::remove_reference_t<ResourceOf<A>>>;

template <class A, class F, class R>
auto run_with(A acquire, F body, R release) -> Coro<typename std::invoke_result_t<F&, ResourceOf<A>&>::value_type> {
  ResourceOf<A> resource = co_await pass(std::move(acquire));
  auto use = [&]() { return std::invoke(body, resource); };
  auto give_back = [&]() { return std::invoke(release, resource); };
  co_return co_await pass(run_finally(use, give_back));
}

}  // namespace detail

// `co_await with(acquire, body, release)`: awaits a resource, runs the body with a reference to it, and releases it by
// `release(resource)`, a coroutine or a plain function, however the body ends. If the resource could not be acquired,
// neither of them runs. Else as for finally(). Where a destructor can release it, use one.
//
//   co_await with(pool.acquire(), [&](Connection& connection) -> Coro<> { ... },
//                 [&](Connection& connection) { return pool.release(connection); });
template <detail::Gatherable A, class F, class R>
requires detail::ResourceBody<F, A> && std::invocable < R&, detail::ResourceOf<A>
& > auto with(A acquire, F body, R release) {
  return detail::run_with(detail::awaited_in_place(std::move(acquire)), std::move(body), std::move(release));
}

namespace detail {

template <class T, class H>
T call_as_catch_block(H& handler, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    return call_handler(handler, exception);
  }
}
template <class T, class H>
Coro<T> run_plain_handler(H& handler, std::exception_ptr exception) {
  co_return call_as_catch_block<T>(handler, exception);
}
template <class T, class H>
Coro<T> start_handler(H& handler, const std::exception_ptr& exception) {
  using Result = decltype(call_handler(handler, exception));
  if constexpr (IsCoro<Result>::value) {
    static_assert(std::same_as<Result, Coro<T>>, "a handler of on_error() gives what the body gives");
    try {
      return call_handler(handler, exception);
    } catch (...) {
      return failing<T>(std::current_exception());
    }
  } else {
    static_assert(std::is_convertible_v<Result, T>, "a handler of on_error() gives what the body gives");
    return run_plain_handler<T>(handler, exception);
  }
}
// By the first handler that fits; nothing when none does.
template <class T>
std::optional<Coro<T>> handling(const std::exception_ptr&) {
  return std::nullopt;
}
template <class T, class H, class... Rest>
std::optional<Coro<T>> handling(const std::exception_ptr& exception, H& handler, Rest&... rest) {
  if (handles<H>(exception)) return start_handler<T>(handler, exception);
  return handling<T>(exception, rest...);
}

template <class F, class... H>
Coro<PlainBodyValue<F>> run_on_error(F body, H... handlers) {
  using T = PlainBodyValue<F>;
  NoScope none;
  auto outcome = co_await as_result(start_body(body, none));
  if (outcome.has_value()) co_return std::move(outcome).value();
  KeptFailure kept(outcome.exception());
  std::optional<Coro<T>> handler = handling<T>(kept.exception(), handlers...);
  if (!handler) co_await Fail(kept.replaced_by(nullptr, ""));
  auto handled = co_await as_result(std::move(*handler));
  if (!handled.has_value()) co_await Fail(kept.replaced_by(handled.exception(), "handling"));
  kept.forget();
  co_return std::move(handled).value();
}

}  // namespace detail

// `co_await on_error(body, handlers...)`: the body's value, or, when it fails, what the first handler makes of it whose
// parameter fits, as a catch clause would:
//
//   co_await on_error(fetch(url), [](const std::system_error&) -> Coro<std::string> {
//     co_await sleep(1s);
//     co_return "nothing";
//   });
//
// A handler is a coroutine, or a plain function that runs as a catch block does (`throw;` works), and gives what the body
// gives. One that takes std::exception_ptr is for every error; it can rethrow that to leave it unhandled. Exceptions that
// derive from BaseException, CancelledError above all, are only taken by a handler that names their type: hand a
// cancellation on when you have cleaned up. What no handler takes goes on unchanged; a group is taken as a whole, see
// match() for its parts.
// When a handler fails, its exception comes out, with the body's as its cause: as for finally().
// On cancel: what runs is cancelled.
template <detail::PlainBody F, detail::HandlerFunction... H>
requires(sizeof...(H) > 0) auto on_error(F body, H... handlers) {
  return detail::run_on_error(std::move(body), std::move(handlers)...);
}

}  // namespace heed

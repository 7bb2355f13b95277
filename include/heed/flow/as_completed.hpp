// Results in the order in which they come.
#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/core/delay.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/flow/awaitable.hpp"

namespace heed {

namespace detail {

// What the callbacks of the futures and those who take completed ones share.
class Completions : public LocalRefCounted {
 public:
  Completions() = default;

  // Begins to watch. Throws std::invalid_argument for futures of another loop than the running one.
  void watch(std::vector<AnyFuture> futures, std::optional<Duration> timeout);
  // Nobody will take any more.
  void stop() noexcept;

  // How many were not claimed. Whoever claims one takes it.
  std::size_t left() const noexcept { return left_; }
  void claim() noexcept { --left_; }
  // The next completed future. Throws TimeoutError when the time is over and no more are there. A claim that is
  // cancelled is given back.
  static Coro<AnyFuture> take(Ref<Completions> completions);

 private:
  struct Watched {
    AnyFuture future;
    CallbackId callback;
  };
  void completed(std::size_t index);
  void wake_one();

  std::vector<Watched> watched_;  // entries of those that are completed are empty
  std::deque<AnyFuture> done_;
  std::deque<Future<void>> takers_;
  TimerHandle timer_;
  std::size_t left_ = 0;
  std::size_t pending_ = 0;
  bool timed_out_ = false;
};

// Shared by an iteration and its steps: when the last of them goes, nothing is watched any more.
struct CompletionsOwner : LocalRefCounted {
  CompletionsOwner() : completions(new Completions) {}
  ~CompletionsOwner() { completions->stop(); }
  const Ref<Completions> completions;
};

template <class Handle>
struct HandleValue {
  using type = typename Handle::value_type;
};
template <AnyHandle Handle>
struct HandleValue<Handle> {
  using type = void;
};

template <class T, class Handle>
Coro<T> await_next(Ref<CompletionsOwner> owner) {
  AnyFuture done = co_await pass(Completions::take(owner->completions));
  if constexpr (AnyHandle<Handle>) {
    co_await PassingEnd(std::move(done));
  } else {
    Handle handle = Handle::share(done.state());
    done = AnyFuture();
    co_return co_await pass(std::move(handle));
  }
}

template <class Handle>
Coro<Handle> take_next(Ref<CompletionsOwner> owner) {
  if (owner->completions->left() == 0) co_return Handle();
  owner->completions->claim();
  AnyFuture done = co_await pass(Completions::take(owner->completions));
  co_return Handle::share(done.state());
}

}  // namespace detail

// What as_completed() returns. The same future given twice counts once.
template <class Handle>
class [[nodiscard]] AsCompleted {
 public:
  using value_type = typename detail::HandleValue<Handle>::type;

  AsCompleted(std::vector<AnyFuture> futures, std::optional<Duration> timeout) : owner_(new detail::CompletionsOwner) {
    owner_->completions->watch(std::move(futures), timeout);
  }

  // For each future one coroutine. The first that is awaited gives the result of the future that is done first, or
  // raises what that failed with, and so on.
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = Coro<AsCompleted::value_type>;
    explicit Iterator(Ref<detail::CompletionsOwner> owner) : owner_(std::move(owner)) {}

    // Each call makes another step.
    value_type operator*() const {
      owner_->completions->claim();
      return detail::await_next<AsCompleted::value_type, Handle>(owner_);
    }
    Iterator& operator++() noexcept { return *this; }
    void operator++(int) noexcept {}
    bool operator==(std::default_sentinel_t) const noexcept { return owner_->completions->left() == 0; }

   private:
    Ref<detail::CompletionsOwner> owner_;
  };
  Iterator begin() const { return Iterator(owner_); }
  std::default_sentinel_t end() const noexcept { return {}; }

  // The next future that is done, one of those that were given (Python 3.13), or an empty handle after the last one.
  // Its failure is still to be read. Throws TimeoutError.
  // On cancel: ends at once, and takes none away.
  Coro<Handle> next() { return detail::take_next<Handle>(owner_); }

 private:
  Ref<detail::CompletionsOwner> owner_;
};

namespace detail {
template <class First, class... Rest>
struct CommonHandle {
  using type = std::conditional_t<(std::same_as<First, Rest> && ...), First, AnyFuture>;
};
template <class... A>
using CommonHandleOf = typename CommonHandle<ChildHandle<A>...>::type;
template <class R>
using RangeHandle = ChildHandle<std::ranges::range_value_t<R>>;
}  // namespace detail

// The futures of a range, in the order in which they end; coroutines become tasks. Two ways to use it:
//
//   for (Coro<int> next : as_completed(tasks, 2s)) { int value = co_await std::move(next); ... }
//
//   auto done = as_completed(tasks);
//   for (;;) {
//     auto task = co_await done.next();
//     if (!task) break;
//     ...
//   }
//
// The first gives the results; a failure is raised by the step at which it completes, and the iteration can go on. The
// second gives the tasks themselves. With a timeout, counted from this call, every step that is left when it is over
// raises TimeoutError. The tasks go on then, as they do when the iteration is left early: no failure is read that was
// not handed out.
// Several tasks may take from one iteration.
//
// On cancel of a step or of next(): ends at once, and takes none of the results away.
// Throws std::runtime_error when no loop runs, std::invalid_argument for a NaN and for futures of several loops.
template <detail::ChildRange R>
auto as_completed(R&& range) {
  return AsCompleted<detail::RangeHandle<R>>(detail::children_in(std::forward<R>(range)), std::nullopt);
}
template <detail::ChildRange R, class Rep, class Period>
auto as_completed(R&& range, std::chrono::duration<Rep, Period> timeout) {
  Duration delay = to_delay(timeout);
  return AsCompleted<detail::RangeHandle<R>>(detail::children_in(std::forward<R>(range)), delay);
}
// The same for several arguments. Where they are not of one type, the handles are AnyFuture and the steps give nothing.
template <detail::Child... A>
requires(sizeof...(A) > 0) auto as_completed(A... awaitables) {
  return AsCompleted<detail::CommonHandleOf<A...>>(detail::children_of(std::move(awaitables)...), std::nullopt);
}
template <class Rep, class Period, detail::Child... A>
requires(sizeof...(A) > 0) auto as_completed(std::chrono::duration<Rep, Period> timeout, A... awaitables) {
  Duration delay = to_delay(timeout);
  return AsCompleted<detail::CommonHandleOf<A...>>(detail::children_of(std::move(awaitables)...), delay);
}

}  // namespace heed

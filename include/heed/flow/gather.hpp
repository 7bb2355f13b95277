// Waiting for several at once, for all their results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "heed/core/close_listener.hpp"
#include "heed/flow/awaitable.hpp"

namespace heed {

// For gather(): failures and cancellations become entries of the result instead of ending it.
struct ReturnExceptions {
  explicit constexpr ReturnExceptions() = default;
};
inline constexpr ReturnExceptions return_exceptions{};

// For gather(): the first failure ends all of it.
struct CancelRest {
  explicit constexpr CancelRest() = default;
};
inline constexpr CancelRest cancel_rest{};

namespace detail {

enum class GatherMode : std::uint8_t { first_failure, outcomes, cancel_rest };

// The part of a gather that does not depend on the results.
class Gathering : private CloseListener {
 public:
  Gathering(FutureState& outer, std::vector<AnyFuture> children, GatherMode mode);
  virtual ~Gathering();
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

  // Begins to watch the children; those that are done already count at once (Python 3.12).
  void start();
  bool cancel(const CancelReasonRef& reason);
  void child_done(FutureState& child) noexcept;
  // The outcomes were read: the failures in them are retrieved.
  void outcomes_delivered() noexcept;

 protected:
  // Makes the result of the children, which are all done, and finishes the outer future with it.
  virtual void finish_with_results() = 0;
  std::vector<AnyFuture>& children() noexcept { return children_; }
  bool any_to_be_read() const noexcept;

 private:
  void loop_closing() noexcept override;
  void leave_loop() noexcept;
  void finish_failed(FutureState& child) noexcept;
  void finish_all() noexcept;
  void cancel_others(FutureState& child) noexcept;
  void finish_group() noexcept;

  FutureState& outer_;
  std::vector<AnyFuture> children_;
  std::size_t finished_ = 0;
  const GatherMode mode_;
  bool cancelling_rest_ = false;
  std::vector<AnyFuture> failed_;  // of cancel_rest, in order of completion
  AnyFuture interrupted_;          // the first child that ended with KeyboardInterrupt or SystemExit
  AnyFuture cancelled_;            // the first child that was cancelled, before any other ended without a value
  CancelReasonRef cancel_reason_;  // set when cancel() reached a child
  bool cancel_requested_ = false;
  std::uint64_t cancel_round_ = 0;  // the last one that reached this
  bool passing_cancel_on_ = false;
  bool in_loop_ = false;
};

// The loop of the first child, or the running one. Throws std::invalid_argument when the children are of several.
Scheduler& gather_loop(const std::vector<AnyFuture>& children);

// Makes R of the children by `Collect::collect(children)`.
template <class R, class Collect>
class GatherFuture final : public FutureOf<R>, private Gathering {
 public:
  GatherFuture(Scheduler& loop, std::vector<AnyFuture> futures, GatherMode mode)
      : FutureOf<R>(loop, std::source_location()), Gathering(*this, std::move(futures), mode) {}
  using Gathering::start;

  const char* class_name() const noexcept override { return "_GatheringFuture"; }
  FailureOrigin origin() const noexcept override { return FailureOrigin::gather; }
  bool cancel(const CancelReasonRef& reason) override { return !this->done() && Gathering::cancel(reason); }

 private:
  void finish_with_results() override {
    std::construct_at(&this->slot_.value, Collect::collect(children()));
    this->finish_value(any_to_be_read());
  }
  void value_delivered() noexcept override { outcomes_delivered(); }
};

template <class Collect>
Future<typename Collect::Result> start_gather(GatherMode mode, std::vector<AnyFuture> children) {
  using R = typename Collect::Result;
  Scheduler& loop = gather_loop(children);
  auto* state = new GatherFuture<R, Collect>(loop, std::move(children), mode);
  Future<R> outer = Future<R>::share(*state);
  state->start();
  return outer;
}

// A child whose value is not in the result, as its type is not known, keeps it, and with it the failures that may be in
// it: it is let go.
template <class T>
ValueObject<T> collect_value(AnyFuture& child) {
  if constexpr (std::is_void_v<T>) {
    child = {};
    return {};
  } else {
    return take_stored<T>(child.state());
  }
}
template <class T>
Outcome<T> collect_outcome(AnyFuture& child) {
  if (!child.state().has_value()) return Outcome<T>(child.state().peek_exception());
  if constexpr (std::is_void_v<T>) {
    child = {};
    return Outcome<T>(Nothing());
  } else {
    return Outcome<T>(take_stored<T>(child.state()));
  }
}

template <class... Ts>
struct CollectTuple {
  using Result = std::tuple<ValueObject<Ts>...>;
  static Result collect(std::vector<AnyFuture>& children) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return Result(collect_value<Ts>(children[I])...); }
    (std::index_sequence_for<Ts...>());
  }
};
template <class... Ts>
struct CollectOutcomeTuple {
  using Result = std::tuple<Outcome<Ts>...>;
  static Result collect(std::vector<AnyFuture>& children) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return Result(collect_outcome<Ts>(children[I])...); }
    (std::index_sequence_for<Ts...>());
  }
};
template <class T>
struct CollectVector {
  using Result = std::vector<ValueObject<T>>;
  static Result collect(std::vector<AnyFuture>& children) {
    Result result;
    result.reserve(children.size());
    for (AnyFuture& child : children) result.push_back(collect_value<T>(child));
    return result;
  }
};
template <class T>
struct CollectOutcomeVector {
  using Result = std::vector<Outcome<T>>;
  static Result collect(std::vector<AnyFuture>& children) {
    Result result;
    result.reserve(children.size());
    for (AnyFuture& child : children) result.push_back(collect_outcome<T>(child));
    return result;
  }
};

template <class... A>
using TupleOf = CollectTuple<ChildValue<A>...>;
template <class... A>
using OutcomeTupleOf = CollectOutcomeTuple<ChildValue<A>...>;
template <class R>
using VectorOf = CollectVector<ChildValue<std::ranges::range_value_t<R>>>;
template <class R>
using OutcomeVectorOf = CollectOutcomeVector<ChildValue<std::ranges::range_value_t<R>>>;

}  // namespace detail

// Waits for all of its arguments: coroutines (which become tasks, in order), tasks, futures. The future it returns can
// be awaited, kept, cancelled or dropped; its result is a tuple in the order of the arguments.
//
// The first failure or cancellation of a child is raised at once. The others are *not* cancelled and go on; a later
// failure among them stays with its task, and is reported if nobody else holds that (asyncio forgets it).
//
// On cancel: every unfinished child is cancelled; CancelledError comes out when the first has ended, or what a child
// raised instead. The future itself then counts as cancelled (asyncio: as failed).
// Throws std::invalid_argument for futures of several loops, std::runtime_error when no loop runs.
template <detail::Child... A>
requires(sizeof...(A) > 0) auto gather(A... awaitables) {
  return detail::start_gather<detail::TupleOf<A...>>(detail::GatherMode::first_failure,
                                                     detail::children_of(std::move(awaitables)...));
}
// Nobody to wait for: a finished future of an empty tuple.
inline Future<std::tuple<>> gather() {
  return detail::start_gather<detail::TupleOf<>>(detail::GatherMode::first_failure, {});
}

// The same for a range; the result is a vector. Of AnyTask or AnyFuture: of std::monostate.
template <detail::ChildRange R>
auto gather(R&& range) {
  return detail::start_gather<detail::VectorOf<R>>(detail::GatherMode::first_failure,
                                                   detail::children_in(std::forward<R>(range)));
}

// Waits for all, whatever happens; each entry of the result is the Outcome of one child (of an AnyTask or AnyFuture an
// Outcome<void>). Failures in it count as retrieved when the result is read.
// On cancel: CancelledError instead of the result, when all children have ended.
template <detail::Child... A>
auto gather(ReturnExceptions, A... awaitables) {
  return detail::start_gather<detail::OutcomeTupleOf<A...>>(detail::GatherMode::outcomes,
                                                            detail::children_of(std::move(awaitables)...));
}
template <detail::ChildRange R>
auto gather(ReturnExceptions, R&& range) {
  return detail::start_gather<detail::OutcomeVectorOf<R>>(detail::GatherMode::outcomes,
                                                          detail::children_in(std::forward<R>(range)));
}

// gather(return_exceptions, ...) by a name of its own: what fails is an Outcome beside the others.
template <detail::Child... A>
requires(sizeof...(A) > 0) auto try_gather(A... awaitables) {
  return gather(return_exceptions, std::move(awaitables)...);
}
template <detail::ChildRange R>
auto try_gather(R&& range) {
  return gather(return_exceptions, std::forward<R>(range));
}

// All or nothing: as soon as one child fails, the others are cancelled, and when all have ended, one ExceptionGroup of
// everything that failed is raised, the first failure first. What was only cancelled because of it is no failure. A
// child that somebody else cancels ends it as well: with CancelledError, if none fails. A KeyboardInterrupt or SystemExit
// of a child is raised by itself; the other failures are then reported.
//
// Nothing goes on behind its back: use task_group() for tasks that are created as you go.
// On cancel: every unfinished child is cancelled; CancelledError comes out when all have ended, or the ExceptionGroup
// when one of them fails meanwhile.
template <detail::Child... A>
auto gather(CancelRest, A... awaitables) {
  return detail::start_gather<detail::TupleOf<A...>>(detail::GatherMode::cancel_rest,
                                                     detail::children_of(std::move(awaitables)...));
}
template <detail::ChildRange R>
auto gather(CancelRest, R&& range) {
  return detail::start_gather<detail::VectorOf<R>>(detail::GatherMode::cancel_rest,
                                                   detail::children_in(std::forward<R>(range)));
}

}  // namespace heed

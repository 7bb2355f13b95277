#include "heed/flow/staggered_race.hpp"

#include <stdexcept>

#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/body.hpp"
#include "heed/flow/wait.hpp"

namespace heed::detail {

namespace {

bool is_interrupt(const FutureState& future) {
  const FailureRecord* failure = future.failure();
  return failure && (find<KeyboardInterrupt>(failure->exception()) || find<SystemExit>(failure->exception()));
}

std::vector<AnyFuture> unfinished(const std::vector<AnyFuture>& futures) {
  std::vector<AnyFuture> running;
  for (const AnyFuture& future : futures)
    if (!future.done()) running.push_back(future);
  return running;
}

// The first that won or was interrupted. What failed waits for the end of the race.
const AnyFuture* decided(LoopCore& loop, const std::vector<AnyFuture>& futures) {
  for (const AnyFuture& future : futures) {
    if (future.state().has_value() || is_interrupt(future.state())) return &future;
    if (FailureRecord* failure = future.state().failure()) loop.ledger.hold(*failure);
  }
  return nullptr;
}

// Cancels what still runs, and returns when it has ended. Gives the cancellation that came meanwhile, or null. Its region
// interrupts the wait only once, since that would cancel every further wait at once.
Coro<std::exception_ptr> end_race(std::vector<AnyFuture> futures, CancelReasonRef reason) {
  RegionState shield(true);
  bool shielded = false;
  std::exception_ptr cancelled;
  for (const AnyFuture& future : futures) future.state().cancel(reason);
  for (;;) {
    std::vector<AnyFuture> running = unfinished(futures);
    if (running.empty()) break;
    Outcome<void> waited = co_await as_result(wait_until(std::move(running), ReturnWhen::all_completed, std::nullopt));
    if (!waited.exception()) continue;
    cancelled = waited.exception();
    TaskState& task = *core_of_running_loop().current_task;
    if (shielded || !task.in_cancelled_region()) continue;
    shield.open(task);
    shielded = true;
  }
  co_return cancelled;
}

std::exception_ptr failure_of_all(const std::vector<AnyFuture>& futures) {
  std::vector<std::exception_ptr> errors;
  errors.reserve(futures.size());
  for (const AnyFuture& future : futures)
    if (!future.cancelled()) errors.push_back(future.state().merge_exception());
  if (errors.empty()) return futures.front().state().peek_exception();  // each was cancelled by somebody
  return std::make_exception_ptr(ExceptionGroup("all of a staggered_race() failed", std::move(errors)));
}

}  // namespace

RegionState* region_of_running_task() {
  TaskState* task = core_of_running_loop().current_task;
  return task ? task->region() : nullptr;
}

Coro<RaceEnd> run_race(RaceStarter start, std::size_t count, std::optional<Duration> delay) {
  if (count == 0) throw std::invalid_argument("staggered_race: there is nobody to race");
  LoopCore& loop = core_of_running_loop();
  RaceEnd end;
  TimePoint next_start{};
  const AnyFuture* decision = nullptr;
  std::exception_ptr cancelled;
  while (!decision && !cancelled) {
    bool more = end.started.size() < count;
    bool due = end.started.empty() || end.started.back().done() || (delay && loop.now() >= next_start);
    if (more && due) {
      end.started.push_back(start(end.started.size()));
      next_start = loop.now() + delay.value_or(Duration::zero());
      decision = decided(loop, end.started);  // an eager task may have ended
      continue;
    }
    std::vector<AnyFuture> running = unfinished(end.started);
    if (running.empty()) break;
    std::optional<Duration> limit;
    if (more && delay) limit = next_start - loop.now();
    Outcome<void> waited = co_await as_result(wait_until(std::move(running), ReturnWhen::first_completed, limit));
    cancelled = waited.exception();
    decision = decided(loop, end.started);
  }
  std::size_t index = decision ? static_cast<std::size_t>(decision - end.started.data()) : 0;
  CancelReasonRef reason;
  if (const auto* error = find<CancelledError>(cancelled)) reason = error->shared_reason();
  if (!reason) reason = make_reason(CancelSource::race, "", std::source_location());
  std::exception_ptr later = co_await end_race(end.started, std::move(reason));
  if (!cancelled) cancelled = later;
  if (cancelled) co_await Fail(std::move(cancelled));
  if (!decision) co_await Fail(failure_of_all(end.started));
  if (!end.started[index].state().has_value()) co_await Fail(end.started[index].state().take_exception());
  end.winner = index;
  co_return std::move(end);
}

}  // namespace heed::detail

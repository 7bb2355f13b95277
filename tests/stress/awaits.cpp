// The steps that wait for futures, tasks and gathers.
#include "heed/core/sleep.hpp"
#include "heed/flow/wait.hpp"
#include "stress/guards.hpp"
#include "stress/sync_steps.hpp"
#include "stress/world.hpp"

namespace heed::stress {

Coro<void> World::step(FrameId frame, const Step& planned, int context) {
  Token token(1);
  switch (planned.kind) {
    case StepKind::call:
      if (grow()) return call(std::move(token), frame, planned.body, planned.style, planned.bomb, context);
      break;
    case StepKind::await_slot:
      coverage.count(planned.style);
      // With mode 1 the slot gives its handle away, which may be the last one.
      return await_entry(frame, planned.mode == 1 ? take(planned.slot) : slot(planned.slot), planned);
    case StepKind::await_new: {
      coverage.count(planned.style);
      const Action& action = program.actions[planned.action];
      bool may_refuse = false;
      return await_entry(frame, action.kind == ActionKind::nothing ? Entry() : make(action, may_refuse), planned);
    }
    case StepKind::wait: {
      std::vector<AnyFuture> futures;
      for (unsigned i = 0; i <= planned.count; ++i) {
        const Entry& entry = slot(planned.slot + i);
        if (entry.empty() || oracle.loop_of(entry.cell) != oracle.loop()) continue;
        futures.push_back(*entry.any());
      }
      if (!futures.empty()) return wait_for(std::move(token), frame, std::move(futures), planned);
      break;
    }
    case StepKind::timeout:
    case StepKind::wait_for_body:
      if (grow()) return in_timeout(std::move(token), frame, planned, context);
      break;
    case StepKind::wait_for_slot:
      return wait_for_entry(frame, planned.style == Style::rvalue ? take(planned.slot) : slot(planned.slot), planned);
    case StepKind::region:
    case StepKind::shielded:
      if (grow()) return in_region(std::move(token), frame, planned, context);
      break;
    case StepKind::group:
      if (grow()) return in_group(std::move(token), frame, planned, context);
      break;
    case StepKind::joined:
      if (grow()) return joined_group(std::move(token), frame, planned, context);
      break;
    case StepKind::finally:
    case StepKind::with:
    case StepKind::on_error:
      if (grow()) return in_cleanup(std::move(token), frame, planned, context);
      break;
    case StepKind::generate:
      if (grow()) return start_generator(frame, planned);
      break;
    case StepKind::close_generators: return close_all_generators(std::move(token), frame);
    case StepKind::completed: return start_completed(frame, planned);
    case StepKind::race:
      if (grow()) return in_race(std::move(token), frame, planned);
      break;
    case StepKind::fail: return fail(std::move(token), frame, planned);
    case StepKind::chain: return deep(std::move(token), frame, planned);
    default: break;
  }
  if (of_sync(planned.kind)) return sync_step(*this, frame, planned, context);
  return pause(std::move(token), frame, planned);
}

template <class F>
Coro<void> World::await_future(Token, FrameId frame, F future, CellId cell, Style style, bool armed) {
  using T = typename F::value_type;
  FrameGuard guard(*this, frame);
  Bomb bomb(*this, frame, armed);
  bool refuses = !future.done() && (oracle.loop_of(cell) != oracle.loop() || future == current_task());
  if (refuses) {
    Waiting waiting(schedule, frame);  // it must not wait
    try {
      co_await future;
      oracle.violation("awaiting oneself, or a future of another loop, was not refused");
    } catch (const std::runtime_error&) {
      coverage.count(Happened::library_refused);
    }
    oracle.frame_returns(frame);
    co_return;
  }
  oracle.frame_waits(frame, Source::cell(cell));
  TaskId task = current_task().id();
  bool plain = oracle.kind(cell) == CellKind::future && !future.done();
  bool doomed = plain && scopes.in_cancelled_region(task), owed = plain && scopes.must_be_told(task);
  if (!plain && !future.done()) scopes.told(task);  // what it waits for may refuse the cancellation
  Waiting waiting(schedule, Schedule::Wait{frame, &future.state(), cell, nullptr, 0, false, task});
  switch (style) {
    case Style::lvalue:
      if constexpr (std::is_void_v<T>) {
        co_await future;
      } else {
        T& value = co_await future;
        got(cell, value);
      }
      break;
    case Style::rvalue:
      if constexpr (std::is_void_v<T>) {
        co_await std::move(future);
      } else {
        T value = co_await std::move(future);
        got(cell, value);
      }
      break;
    case Style::outcome: {
      Outcome<T> outcome = co_await as_result(std::move(future));
      if (outcome.exception()) {
        not_resumed();
        scopes.told(task);
      }
      if (outcome) came(cell);
      got(cell, outcome);
      break;
    }
    case Style::pass:
      if constexpr (std::is_void_v<T>) {
        co_await pass(std::move(future));
      } else {
        T value = co_await pass(std::move(future));
        got(cell, value);
      }
      break;
  }
  if (style != Style::outcome) came(cell);
  bool swallowed = style == Style::outcome;
  if (doomed && !swallowed && scopes.in_cancelled_region(task)) oracle.violation("a task in a cancelled scope goes on");
  if (owed && !swallowed && scopes.must_be_told(task))
    oracle.violation("a task was not told after a shielded region that its cancellation had been requested there");
  coverage.count(Happened::delivered);
  resumed(frame);
  oracle.frame_returns(frame);
}

Coro<void> World::await_entry(FrameId frame, Entry entry, const Step& planned) {
  return std::visit(
      [&](auto& handle) -> Coro<void> {
        if constexpr (requires { handle.result(); }) {
          return await_future(Token(1), frame, std::move(handle), entry.cell, planned.style, planned.bomb);
        } else {
          return pause(Token(1), frame, planned);
        }
      },
      entry.handle);
}

Coro<void> World::wait_for(Token, FrameId frame, std::vector<AnyFuture> futures, const Step& planned) {
  FrameGuard guard(*this, frame);
  Bomb bomb(*this, frame, planned.bomb);
  coverage.count(Happened::waits);
  oracle.frame_waits(frame, Source::turn());
  auto when = static_cast<ReturnWhen>(planned.mode % 3);
  bool doomed = scopes.in_cancelled_region(current_task().id()), owed = scopes.must_be_told(current_task().id());
  WaitResult<AnyFuture> result;
  TimePoint due = clock.time() + std::chrono::milliseconds(planned.amount);
  Deadline deadline(schedule, frame, due, planned.timeout);
  Waiting waiting(schedule, Schedule::Wait{frame, nullptr, nobody, &futures, static_cast<int>(when)});
  if (planned.timeout) {
    result = co_await wait(futures, std::chrono::milliseconds(planned.amount), when);
  } else {
    result = co_await wait(futures, when);
  }
  if ((doomed && scopes.in_cancelled_region(current_task().id())) || (owed && scopes.must_be_told(current_task().id())))
    oracle.violation("a task that waits in a cancelled scope, or was to be told, goes on");
  for (const AnyFuture& future : result.done)
    if (!future.done()) oracle.violation("wait() gave a pending future as done");
  for (const AnyFuture& future : result.pending)
    if (future.done()) oracle.violation("wait() gave a future that is done as pending");
  if (!planned.timeout && when == ReturnWhen::all_completed && !result.pending.empty())
    oracle.violation("wait() for all came back early");
  if (!Schedule::satisfied(futures, static_cast<int>(when)) && (!planned.timeout || clock.time() < due))
    oracle.violation("wait() came back before its time");
  if (!planned.timeout && result.done.empty()) oracle.violation("wait() came back for nothing");
  resumed(frame);
  oracle.frame_returns(frame);
}

}  // namespace heed::stress

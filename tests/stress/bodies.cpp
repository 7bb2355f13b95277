// The coroutines of random programs.
#include "heed/core/sleep.hpp"
#include "stress/guards.hpp"
#include "stress/world.hpp"

namespace heed::stress {

Coro<Value> World::body(Token, FrameId frame, Index index, int context) {
  const Body& plan_of_body = program.bodies[index];
  CellId root_of = oracle.root_of(frame);
  FrameGuard guard(*this, frame, root_of);
  if (root_of != nobody && context == static_cast<int>(root_of)) set_context_value(context);
  AtExit at_exit(*this, plan_of_body.at_exit);
  Bomb bomb(*this, frame, plan_of_body.bomb);
  for (const Step& planned : plan_of_body.steps) {
    if (context_value() != context) oracle.violation("a coroutine finds itself in the context of somebody else");
    if (planned.kind == StepKind::nothing) continue;
    coverage.count(planned.kind);
    ++progress_;
    if (planned.kind == StepKind::action) {
      act(planned.action);
      continue;
    }
    coverage.count(planned.guard);
    FrameId child = oracle.new_frame();
    Coro<void> work = step(child, planned, context);
    oracle.frame_waits(frame, Source::frame(child));
    std::exception_ptr caught;
    oracle.frame_handles(
        frame, planned.guard != Guard::open && planned.guard != Guard::pass && planned.guard != Guard::only_std);
    switch (planned.guard) {
      case Guard::open: co_await std::move(work); break;
      case Guard::pass: co_await pass(std::move(work)); break;
      case Guard::outcome: {
        Outcome<void> outcome = co_await as_result(std::move(work));
        caught = outcome.exception();
        oracle.frame_handles(frame, false);
        break;
      }
      case Guard::only_std: try { co_await std::move(work);
        } catch (const std::exception&) {
          caught = std::current_exception();
        }
        break;
      case Guard::rethrow: try { co_await std::move(work);
        } catch (...) {
          oracle.frame_handles(frame, false);
          Thrown thrown = identify(std::current_exception());
          oracle.caught(Source::frame(child), thrown);
          oracle.frame_throws(frame, thrown);
          add_note("rethrown");
          throw;
        }
        break;
      case Guard::transform: try { co_await std::move(work);
        } catch (...) {
          oracle.frame_handles(frame, false);
          oracle.caught(Source::frame(child), identify(std::current_exception()));
          ErrorKind kind = ErrorKind::custom;
          ErrorId id = new_error(kind);
          oracle.frame_throws(frame, Thrown{id, false});
          std::throw_with_nested(Error(id));
        }
        break;
      case Guard::swallow:
      case Guard::rethrow_later: try { co_await std::move(work);
        } catch (...) {
          caught = std::current_exception();
        }
        break;
    }
    oracle.frame_handles(frame, false);
    // With it go the frames that pass() skipped, and what they hold: g++ destroys it with the await, clang at the end of
    // the block, and the accounts of locks follow the frames.
    { Coro<void> gone = std::move(work); }
    if (!caught) {
      resumed(frame);
      continue;
    }
    Thrown thrown = identify(caught);
    oracle.caught(Source::frame(child), thrown);
    // A frame that pass() skipped is destroyed later: its wait is over all the same.
    if (AnyTask task = current_task()) schedule.wait_over(task.id());
    if (planned.guard != Guard::rethrow_later) continue;
    if (plan_of_body.cleanup != no_index && grow()) {  // that may fail as well
      FrameId cleanup = oracle.new_frame();
      oracle.frame_waits(frame, Source::frame(cleanup));
      Value value = co_await body(Token(1), cleanup, plan_of_body.cleanup, context);
      resumed(frame);
      if (value.origin() != cleanup + 1) oracle.violation("a cleanup returned another's value");
    }
    oracle.frame_throws(frame, thrown);
    std::rethrow_exception(std::move(caught));
  }
  if (plan_of_body.fails) {
    ErrorKind kind = plan_of_body.error;
    ErrorId id = new_error(kind);
    oracle.frame_throws(frame, thrown_as(kind, id));
    throw_error(kind, id);
  }
  if (root_of != nobody) oracle.set_value(root_of, frame + 1);
  oracle.frame_returns(frame);
  // The first move is into the promise, the second one into the task.
  if (oracle.blows(frame)) co_return Value(frame + 1, 2);
  co_return Value(frame + 1);
}

Coro<void> World::void_body(Token, FrameId frame, Index index, int context) {
  CellId root_of = oracle.root_of(frame);
  FrameGuard guard(*this, frame, root_of);
  if (root_of != nobody && context == static_cast<int>(root_of)) set_context_value(context);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  Value value = co_await pass(body(Token(1), child, index, context));
  resumed(frame);
  if (value.origin() != child + 1) oracle.violation("a body returned another's value");
  oracle.frame_returns(frame);
}

Coro<void> World::call(Token, FrameId frame, Index index, Style style, bool armed, int context) {
  FrameGuard guard(*this, frame);
  Bomb bomb(*this, frame, armed);
  FrameId child = oracle.new_frame();
  Coro<Value> work = body(Token(1), child, index, context);
  oracle.frame_waits(frame, Source::frame(child));
  std::uint32_t origin = 0;
  if (style == Style::pass) {
    Value value = co_await pass(std::move(work));
    origin = value.origin();
  } else if (style == Style::outcome) {
    Outcome<Value> outcome = co_await as_result(std::move(work));
    if (outcome.exception()) {
      not_resumed();
      oracle.caught(Source::frame(child), identify(outcome.exception()));
      oracle.frame_waits(frame, Source());
      oracle.frame_returns(frame);
      co_return;
    }
    origin = outcome.value().origin();
  } else {
    Value value = co_await std::move(work);
    origin = value.origin();
  }
  resumed(frame);
  if (origin != child + 1) oracle.violation("a body returned another's value");
  oracle.frame_returns(frame);
}

Coro<void> World::pause(Token, FrameId frame, const Step& planned) {
  FrameGuard guard(*this, frame);
  Bomb bomb(*this, frame, planned.bomb);
  oracle.frame_waits(frame, Source::turn());
  bool sleeps = planned.kind == StepKind::sleep && planned.amount != 0, caught = false;
  TimePoint due = clock.time() + std::chrono::milliseconds(planned.amount);
  Deadline deadline(schedule, frame, due, sleeps);
  TaskId task = current_task().id();
  bool suspends = planned.kind == StepKind::sleep || planned.kind == StepKind::turn;
  bool doomed = suspends && scopes.in_cancelled_region(task), owed = suspends && scopes.must_be_told(task);
  Waiting waiting(schedule, Schedule::Wait{frame, nullptr, nobody, nullptr, 0, sleeps, task});
  switch (planned.kind) {
    case StepKind::sleep:
      if (planned.style == Style::pass) {
        co_await pass(sleep(std::chrono::milliseconds(planned.amount)));
      } else {
        co_await sleep(std::chrono::milliseconds(planned.amount));
      }
      break;
    case StepKind::turn:
      if (planned.style == Style::outcome) {
        Outcome<void> outcome = co_await as_result(yield_now());
        if (outcome.exception()) {
          not_resumed();
          cancelled_while_idle();
          oracle.caught(Source::turn(), identify(outcome.exception()));
          caught = true;
        }
      } else {
        co_await yield_now();
      }
      break;
    default: break;
  }
  if (sleeps && clock.time() < due && !caught) oracle.violation("a sleep ended before its time");
  if (doomed && !caught && scopes.in_cancelled_region(task)) oracle.violation("a task in a cancelled scope goes on");
  if (owed && scopes.must_be_told(task))
    oracle.violation("a task was not told after a shielded region that its cancellation had been requested there");
  resumed(frame);
  oracle.frame_returns(frame);
}

Coro<void> World::fail(Token, FrameId frame, const Step& planned) {
  FrameGuard guard(*this, frame);
  if (planned.timeout) {
    oracle.frame_waits(frame, Source::turn());
    Waiting waiting(schedule, frame);
    co_await yield_now();
  }
  ErrorKind kind = planned.error;
  ErrorId id = new_error(kind);
  oracle.frame_throws(frame, thrown_as(kind, id));
  throw_error(kind, id);
}

Coro<Value> World::chain(Token, FrameId frame, unsigned depth, const Step& planned) {
  FrameGuard guard(*this, frame);
  coverage.count(Happened::chain_frames);
  if (depth == 0) {
    oracle.frame_waits(frame, Source::turn());
    Waiting waiting(schedule, frame);
    co_await yield_now();
    resumed(frame);
    if (planned.timeout) {
      ErrorKind kind = planned.error;
      ErrorId id = new_error(kind);
      oracle.frame_throws(frame, thrown_as(kind, id));
      throw_error(kind, id);
    }
  } else {
    FrameId child = oracle.new_frame();
    oracle.frame_waits(frame, Source::frame(child));
    bool passes = planned.mode == 1 || (planned.mode == 2 && depth % 3 != 0);
    std::uint32_t origin = 0;
    if (passes) {
      Value value = co_await pass(chain(Token(1), child, depth - 1, planned));
      origin = value.origin();
    } else {
      Value value = co_await chain(Token(1), child, depth - 1, planned);
      origin = value.origin();
    }
    resumed(frame);
    if (origin != child + 1) oracle.violation("a level of a chain returned another's value");
  }
  oracle.frame_returns(frame);
  co_return Value(frame + 1);
}

Coro<void> World::deep(Token, FrameId frame, const Step& planned) {
  FrameGuard guard(*this, frame);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  Value value = co_await chain(Token(1), child, planned.amount, planned);
  resumed(frame);
  oracle.frame_returns(frame);
}

}  // namespace heed::stress

// The steps that take the first of several: as_completed(), staggered_race().
#include <algorithm>
#include <utility>

#include "heed/failure/exception_group.hpp"
#include "heed/flow/as_completed.hpp"
#include "heed/flow/staggered_race.hpp"
#include "stress/guards.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

std::vector<CellId> begun_of(const std::vector<CellId>& cells) {
  std::vector<CellId> begun;
  for (CellId cell : cells)
    if (cell != nobody) begun.push_back(cell);
  return begun;
}

}  // namespace

namespace {

const Step& short_sleep() {
  static const Step step = [] {
    Step sleep;
    sleep.kind = StepKind::sleep;
    sleep.amount = 2;
    return sleep;
  }();
  return step;
}

// Steps of as_completed() that give handles, else values.
bool gives_handles(const Step& planned) { return planned.mode % 2 == 0; }

}  // namespace

// What must come out of as_completed(): noted by done callbacks and a timer that were registered just before its own.
struct World::Completed : LocalRefCounted {
  std::vector<AnyFuture> futures;
  std::vector<CellId> cells;
  std::vector<CallbackId> callbacks;
  std::vector<std::size_t> order;  // those that are done, as they completed
  std::size_t taken = 0;
  unsigned refused = 0;  // steps that were cancelled
  bool timed_out = false;
  bool over = false;  // nobody iterates any more
  TimerHandle timer;
  std::optional<Deadline> deadline;

  void done(std::size_t i) {
    if (over || timed_out) return;
    order.push_back(i);
    if (order.size() != futures.size()) return;
    timer.cancel();
    deadline.reset();
  }
  void stop() {
    over = true;
    timer.cancel();
    deadline.reset();
    for (std::size_t i = 0; i < callbacks.size(); ++i) futures[i].remove_done_callback(callbacks[i]);
    futures.clear();
  }
  bool ready() const { return taken < order.size() || timed_out; }
  // What the next step has to give: nobody, nothing is done.
  CellId next_cell() const { return taken < order.size() ? cells[order[taken]] : nobody; }
  const AnyFuture& next_future() const { return futures[order[taken]]; }
};

// Must come before as_completed() registers its own.
void World::watch(const Ref<Completed>& completed, FrameId frame, const Step& planned) {
  Completed& state = *completed;
  coverage.count(Happened::completions_watched, state.futures.size());
  for (std::size_t i = 0; i < state.futures.size(); ++i)
    state.callbacks.push_back(state.futures[i].add_done_callback([completed, i] { completed->done(i); }));
  if (!planned.timeout) return;
  auto delay = std::chrono::milliseconds(planned.amount);
  state.deadline.emplace(schedule, frame, clock.time() + delay, true);
  state.timer = running_loop().call_later(delay, [completed] {
    completed->timed_out = true;
    completed->deadline.reset();
  });
}

// A step ended with an exception, which goes on or is swallowed, whether it took one away or not.
void World::step_failed(Completed& state, FrameId frame, const Step& planned, const std::exception_ptr& failure) {
  CellId cell = state.next_cell();
  bool expected = cell != nobody, handles = gives_handles(planned);
  not_resumed();
  bool fresh = false;
  ScopeEnd end = end_of_scope(failure, fresh);
  if (fresh) {
    coverage.count(Happened::completions_timed_out);
    if (expected || !state.timed_out) oracle.violation("a step of as_completed() timed out too early");
    leave_step(frame, end);
  }
  if (end.cancelled()) scopes.told(current_task().id());
  bool of_the_wait = end.cancelled() && (handles || !expected || end.thrown.id == 0);
  if (of_the_wait) {  // it takes none away; unless it was that of the next future, which nobody can tell
    coverage.count(Happened::completions_cancelled);
    if (expected && !handles) {
      oracle.perhaps_read(cell);
      leave_step(frame, end);
    }
    if (planned.count % 2 == 0) leave_step(frame, end);
    ++state.refused;
    return;
  }
  if (!expected) oracle.violation("as_completed() raised what nobody had failed with");
  if (expected) oracle.caught(Source::cell(cell), end.thrown);
  ++state.taken;
  coverage.count(Happened::completions_given);
  if (planned.count % 4 == 0) leave_step(frame, end);
}

// A step gave the handle of one, or only ended with its value.
void World::step_gave(Completed& state, const Step& planned, AnyFuture& handle) {
  CellId cell = state.next_cell();
  bool expected = cell != nobody, handles = gives_handles(planned);
  if (!expected) oracle.violation("as_completed() gave one that is not done");
  if (expected && handles && handle != state.next_future())
    oracle.violation("as_completed() gave another one than the next that completed");
  if (handles && !handle.done()) oracle.violation("as_completed() gave a pending future");
  if (expected && !handles && !state.next_future().state().has_value())
    oracle.violation("as_completed() gave a value of one that has none");
  if (expected && !handles) came(cell);
  ++state.taken;
  coverage.count(Happened::completions_given);
  if (handles && planned.style == Style::rvalue && expected) read_exception(handle, cell);
  if (planned.style == Style::pass) act(planned.action);
}

Coro<void> World::in_completed(Token, FrameId frame, Ref<Completed> completed, const Step& planned) {
  FrameGuard guard(*this, frame);
  Completed& state = *completed;
  struct Over {
    ~Over() { state.stop(); }
    Completed& state;
  } over{state};
  watch(completed, frame, planned);
  bool handles = gives_handles(planned);
  auto delay = std::chrono::milliseconds(planned.amount);
  auto all = planned.timeout ? as_completed(state.futures, delay) : as_completed(state.futures);
  auto next = all.begin();
  unsigned limit = planned.mode < 2 ? 20 : planned.slot % 4u;
  for (unsigned n = 0; n < limit && state.refused < 2; ++n) {
    if (!handles && next == all.end()) {
      if (state.taken < state.futures.size()) oracle.violation("as_completed() ended before all were handed out");
      break;
    }
    TaskId task = current_task().id();
    bool waits = !state.ready() && state.taken < state.futures.size();
    bool doomed = waits && scopes.in_cancelled_region(task), owed = waits && scopes.must_be_told(task);
    oracle.frame_waits(frame, Source::turn());
    oracle.frame_handles(frame, true);
    AnyFuture handle;
    std::exception_ptr failure;
    {
      Schedule::Wait wait{frame};
      wait.overdue = [&state](Duration) {
        return state.ready() ? "the loop sleeps, and as_completed() has something to give" : nullptr;
      };
      Waiting waiting(schedule, std::move(wait));
      if (handles) {
        Outcome<AnyFuture> outcome = co_await as_result(all.next());
        failure = outcome.exception();
        if (!failure) handle = std::move(outcome).value();
      } else if (planned.style == Style::outcome) {
        Outcome<void> outcome = co_await as_result(*next);
        failure = outcome.exception();
      } else {
        try {
          co_await *next;
        } catch (...) {
          failure = std::current_exception();
        }
      }
    }
    oracle.frame_handles(frame, false);
    oracle.frame_waits(frame, Source());
    if (failure) {
      step_failed(state, frame, planned, failure);
      continue;
    }
    if ((doomed && scopes.in_cancelled_region(task)) || (owed && scopes.must_be_told(task)))
      oracle.violation("a step of as_completed() goes on, which had to be cancelled");
    resumed(frame);
    if (handles && !handle) {
      if (state.taken != state.futures.size()) oracle.violation("as_completed() ended before all were handed out");
      break;
    }
    step_gave(state, planned, handle);
    if (planned.style == Style::lvalue && planned.slot >= 3) {  // meanwhile others complete
      FrameId child = oracle.new_frame();
      oracle.frame_waits(frame, Source::frame(child));
      co_await pause(Token(1), child, short_sleep());
      resumed(frame);
    }
  }
  if (state.taken < state.futures.size()) coverage.count(Happened::completions_left);
  oracle.frame_returns(frame);
}

// Over the handles in some slots.
Coro<void> World::start_completed(FrameId frame, const Step& planned) {
  Ref<Completed> completed(new Completed);
  for (unsigned i = 0; i <= planned.count; ++i) {
    const Entry& entry = slot(planned.slot + i);
    if (entry.empty() || oracle.loop_of(entry.cell) != oracle.loop()) continue;
    if (std::count(completed->futures.begin(), completed->futures.end(), *entry.any()) != 0) continue;
    completed->futures.push_back(*entry.any());
    completed->cells.push_back(entry.cell);
  }
  return in_completed(Token(1), frame, std::move(completed), planned);
}

// --- races -------------------------------------------------------------------------------------------------------

struct World::Race {
  std::vector<CellId> cells;  // of each racer; nobody: it has not begun
  std::vector<ScopeEnd> ends;
  std::size_t ended = 0;
  TaskId owner = 0;
  TimePoint started;
  std::optional<Duration> delay;
  bool won() const {
    return std::any_of(ends.begin(), ends.end(), [](const ScopeEnd& end) { return end.known && end.value(); });
  }
};

Coro<Value> World::racer(Token, FrameId frame, Race& race, std::size_t index, Index body_index, int context) {
  FrameGuard guard(*this, frame, race.cells[index]);
  set_context_value(context);
  coverage.count(Happened::racers);
  if (!race.delay && race.won()) oracle.violation("a racer began after the race was won");
  if (index != 0 && !race.delay && race.cells[index - 1] != nobody && !race.ends[index - 1].known)
    oracle.violation("a racer began before the one before it had ended");
  // Those before it that have not begun were cancelled before they could.
  auto never_began = [&](CellId cell) { return cell == nobody || oracle.frame_created(oracle.root(cell)); };
  auto here = race.cells.begin() + static_cast<std::ptrdiff_t>(index);
  std::size_t ended = race.ended + static_cast<std::size_t>(std::count_if(race.cells.begin(), here, never_began));
  std::size_t waits = index - std::min(index, ended);
  if (race.delay && clock.time() < race.started + waits * *race.delay)
    oracle.violation("a racer began before its time");
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  Outcome<Value> outcome = co_await as_result(body(Token(1), child, body_index, context));
  oracle.frame_handles(frame, false);
  ++race.ended;
  ScopeEnd& end = race.ends[index];
  end = {true, outcome.exception(), identify(outcome.exception())};
  if (end.exception) {
    not_resumed();
    oracle.caught(Source::frame(child), end.thrown);
    oracle.frame_throws(frame, end.thrown);
    std::rethrow_exception(end.exception);
  }
  resumed(frame);
  oracle.set_value(race.cells[index], frame + 1);
  oracle.frame_returns(frame);
  co_return Value(frame + 1);
}

const char* World::race_overdue(const Race& race, Duration timeout) {
  std::size_t begun = 0;
  bool all_ended = true;
  for (CellId cell : race.cells) {
    if (cell == nobody) continue;
    ++begun;
    bool ended = oracle.must_have_ended(cell);
    all_ended = all_ended && ended;
    AnyTask task = ended ? AnyTask() : task_of(cell);
    if (race.won() && task && task.cancelling() == 0 && !oracle.uncancelled(cell))
      return "the loop sleeps, and a race is won whose losers were not cancelled";
  }
  if (begun != 0 && all_ended) return "the loop sleeps, and a race waits in which all have ended";
  AnyTask owner = task_with(race.owner);
  bool goes_on = owner && owner.cancelling() == 0 && !scopes.in_cancelled_region(race.owner);
  if (goes_on && race.delay && begun < race.cells.size() && race.ended == 0 && timeout > *race.delay)
    return "the loop sleeps past the start of a racer";
  return nullptr;
}

Coro<void> World::in_race(Token, FrameId frame, const Step& planned) {
  FrameGuard guard(*this, frame);
  coverage.count(Happened::races);
  std::size_t count = 1 + planned.count % 3u;
  Race race;
  race.cells.resize(count, nobody);
  race.ends.resize(count);
  race.started = clock.time();
  if (planned.timeout) race.delay = std::chrono::milliseconds(planned.amount);
  schedule.cancel_unseen();
  TaskId owner = race.owner = current_task().id();
  std::vector<std::function<Coro<Value>()>> functions;
  for (std::size_t i = 0; i < count; ++i)
    functions.push_back([this, i, &race, &planned, owner, token = Token(1)]() -> Coro<Value> {
      CellId cell = race.cells[i] = oracle.new_cell(CellKind::task);
      scopes.born_in(cell, owner);
      Index index = i % 2 == 1 && planned.second != no_index ? planned.second : planned.body;
      return racer(Token(1), oracle.new_frame(cell), race, i, index, static_cast<int>(cell));
    });
  oracle.frame_waits(frame, Source::turn());
  oracle.frame_handles(frame, true);
  std::exception_ptr failure;
  std::optional<RaceResult<Value>> result;
  {
    Schedule::Wait wait{frame};
    wait.overdue = [this, &race](Duration timeout) { return race_overdue(race, timeout); };
    Waiting waiting(schedule, std::move(wait));
    WaitsFor racing(racing_, owner);
    Coro<RaceResult<Value>> work = race.delay ? staggered_race(std::move(functions), *race.delay)
                                              : staggered_race(std::move(functions), std::nullopt);
    Outcome<RaceResult<Value>> outcome = co_await as_result(std::move(work));
    failure = outcome.exception();
    if (!failure) result.emplace(std::move(outcome).value());
  }
  oracle.frame_handles(frame, false);
  oracle.frame_waits(frame, Source());
  std::vector<TaskId> running = unfinished();
  for (CellId cell : race.cells)
    if (cell != nobody && std::count(running.begin(), running.end(), oracle.task_id(cell)) != 0)
      oracle.violation("a racer outlived its race");
  if (result) {
    check_winner(race, *result);
    resumed(frame);
  } else {
    leave_step(frame, end_of_race(race, failure));
  }
  oracle.frame_returns(frame);
}

void World::check_winner(const Race& race, const RaceResult<Value>& result) {
  coverage.count(Happened::races_won);
  if (result.index >= race.cells.size() || race.cells[result.index] == nobody)
    return oracle.violation("nobody knows the winner of a race");
  const ScopeEnd& winner = race.ends[result.index];
  if (!winner.known || !winner.value()) oracle.violation("a race was won by one that gave no value");
  oracle.got_value(race.cells[result.index], result.value.origin());
  if (result.exceptions.size() > race.cells.size()) oracle.violation("a race tells of more than took part");
  for (std::size_t i = 0; i < race.cells.size(); ++i) {
    bool told = i < result.exceptions.size();
    if (race.cells[i] == nobody) {  // not started, or cancelled before it began
      if (told && !is_cancellation(result.exceptions[i]))
        oracle.violation("a race tells of a racer that did not begin");
      continue;
    }
    if (!told) {
      oracle.violation("a race does not tell of a racer");
    } else if (race.ends[i].known && result.exceptions[i] != race.ends[i].exception) {
      if (!race.ends[i].cancelled() || !is_cancellation(result.exceptions[i]))
        oracle.violation("a racer ended with something else than its race tells");
    } else if (result.exceptions[i]) {
      coverage.count(Happened::racers_lost);
      oracle.caught(Source::cell(race.cells[i]), identify(result.exceptions[i]));
    }
  }
}

// Nobody has won.
ScopeEnd World::end_of_race(const Race& race, const std::exception_ptr& out) {
  bool fresh = false;
  ScopeEnd end = end_of_scope(out, fresh);
  std::vector<Thrown> failed;
  CellId interrupted = nobody;
  for (std::size_t i = 0; i < race.cells.size(); ++i) {
    if (race.cells[i] == nobody || !race.ends[i].failed()) continue;
    failed.push_back(race.ends[i].thrown);
    if (oracle.is_interrupt(race.ends[i].thrown) && race.ends[i].exception == out) interrupted = race.cells[i];
  }
  if (!fresh) {
    if (interrupted != nobody) {
      oracle.caught(Source::cell(interrupted), end.thrown);
    } else if (!end.cancelled()) {
      oracle.violation("a race failed with something else than a group");
    }
    return end;
  }
  coverage.count(Happened::races_lost);
  const auto* group = find<ExceptionGroup>(out);
  std::vector<Thrown> members;
  if (group)
    for (const std::exception_ptr& member : group->exceptions()) members.push_back(identify(member));
  if (members != failed)
    oracle.violation("the failures of a race are not those of its racers, in the order of their start");
  if (race.won()) oracle.violation("a race was won, and failed");
  check_match(out);
  oracle.group_merged(begun_of(race.cells), members, false);
  return end;
}

}  // namespace heed::stress

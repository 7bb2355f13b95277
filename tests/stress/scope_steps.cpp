// The steps that open scopes, and the actions on those that are open.
#include <utility>

#include "heed/failure/exception_group.hpp"
#include "heed/flow/shield.hpp"
#include "heed/flow/wait_for.hpp"
#include "stress/guards.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

// The scope is known as long as the frame that opened it.
class Opened {
 public:
  Opened(World& world, ScopeKind kind)
      : world_(world), id(world.scopes.open(kind, current_task().id(), current_task().cancelling())) {
    world.schedule.cancel_unseen();
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { close(); }
  void close() {
    if (std::exchange(open_, false)) world_.scopes.close(id);
  }
  Scope& operator*() const { return world_.scopes[id]; }
  Scope* operator->() const { return &world_.scopes[id]; }

 private:
  World& world_;
  bool open_ = true;

 public:
  const ScopeId id;
};

std::optional<Duration> delay_of(const Step& planned) {
  if (!planned.timeout) return std::nullopt;
  return std::chrono::milliseconds(planned.amount);
}

}  // namespace

Coro<Value> World::scope_body(Token, FrameId frame, ScopeId id, Index index, int context) {
  FrameGuard guard(*this, frame);
  FrameId child = oracle.new_frame();
  scopes[id].body_value = child + 1;
  scopes[id].body_frame = frame;
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  Outcome<Value> outcome = co_await as_result(body(Token(1), child, index, context));
  oracle.frame_handles(frame, false);
  std::exception_ptr failure = outcome.exception();
  Thrown thrown = identify(failure);
  if (failure) {
    not_resumed();
    oracle.caught(Source::frame(child), thrown);
    scopes.body_ended(id, failure, thrown);
    oracle.frame_throws(frame, thrown);
    std::rethrow_exception(std::move(failure));
  }
  resumed(frame);
  scopes.body_ended(id, nullptr, {});
  oracle.frame_returns(frame);
  co_return std::move(outcome).value();
}

Coro<void> World::void_scope_body(Token, FrameId frame, ScopeId id, Index index, int context) {
  FrameGuard guard(*this, frame);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  Value value = co_await pass(scope_body(Token(1), child, id, index, context));
  resumed(frame);
  oracle.frame_returns(frame);
}

// What left a scope, under a number. `fresh`: the library made it just now.
ScopeEnd World::end_of_scope(const std::exception_ptr& out, bool& fresh) {
  ScopeEnd end{true, out, identify(out)};
  fresh = out && !end.thrown.known() && (find<TimeoutError>(out) || find<ExceptionGroup>(out));
  if (!fresh) return end;
  end.thrown = Thrown{oracle.new_error(ErrorKind::system), false};
  adopt(out, end.thrown.id);
  return end;
}

// The scope is checked: the frame goes on, or raises what left the scope.
void World::leave_scope(FrameId frame, const ScopeEnd& end) {
  oracle.frame_waits(frame, Source());
  if (!end.exception) return resumed(frame);
  if (end.cancelled()) scopes.told(current_task().id());
  coverage.count(end.cancelled() ? Happened::scope_cancelled : Happened::scope_failed);
  oracle.frame_throws(frame, end.thrown);
  std::rethrow_exception(end.exception);
}

void World::body_landed(FrameId body, const Scope& scope) {
  if (scope.body.known && scope.body.exception) oracle.caught(Source::frame(body), scope.body.thrown);
}

Coro<void> World::in_timeout(Token, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(*this, frame);
  bool waits_for = planned.kind == StepKind::wait_for_body;
  Opened scope(*this, waits_for ? ScopeKind::wait_for : ScopeKind::timeout);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  std::optional<Duration> delay = delay_of(planned);
  if (waits_for && delay && plan->eager)
    *delay += std::chrono::milliseconds(1);  // without time it runs in another task
  std::optional<TimePoint> due;
  if (delay) due = clock.time() + *delay;
  if (!waits_for || (delay && *delay > Duration::zero())) scope->deadline = due;
  auto make_body = [this, child, &scope, index = planned.body, context](Timeout& timeout) {
    scope->timeout = &timeout;
    return scope_body(Token(1), child, scope.id, index, context);
  };
  Timeout object(delay);
  Coro<Value> work =
      waits_for ? (delay ? heed::wait_for(scope_body(Token(1), child, scope.id, planned.body, context), *delay)
                         : heed::wait_for(scope_body(Token(1), child, scope.id, planned.body, context), std::nullopt))
      : planned.mode == 0 ? object.run(make_body)
      : planned.mode == 1 ? timeout_at(due, make_body)
      : delay             ? timeout(*delay, make_body)
                          : timeout(std::nullopt, make_body);
  Outcome<Value> outcome = co_await as_result(std::move(work));
  oracle.frame_handles(frame, false);
  bool timed_out = false;
  ScopeEnd end = end_of_scope(outcome.exception(), timed_out);
  if (timed_out) coverage.count(waits_for ? Happened::wait_for_timed_out : Happened::timeout_expired);
  body_landed(child, *scope);
  if (waits_for && delay && *delay <= Duration::zero() && (scope->body.known || !timed_out) && !end.cancelled())
    oracle.violation("wait_for() without any time began its body, or did not say so");
  scopes.check_timeout(scope.id, end, timed_out, current_task().cancelling());
  if (outcome && outcome.value().origin() != scope->body_value) oracle.violation("a timeout returned another's value");
  scope.close();
  leave_scope(frame, end);
  oracle.frame_returns(frame);
}

Coro<void> World::in_region(Token, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(*this, frame);
  Opened scope(*this, ScopeKind::region);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  bool function = planned.kind == StepKind::shielded && planned.mode != 0;
  scope->shields = planned.kind == StepKind::shielded;
  ScopeOptions options;
  if (planned.timeout && !function) {
    options = std::move(options).deadline_in(std::chrono::milliseconds(planned.amount));
    scope->deadline = clock.time() + std::chrono::milliseconds(planned.amount);
  }
  CancelScope object(std::move(options).shielded(scope->shields));
  if (planned.mode == 2 && !function) {
    object.cancel("before");
    scope->asked = true;
  }
  if (!function) scope->region = &object;
  Coro<Value> work = scope_body(Token(1), child, scope.id, planned.body, context);
  std::exception_ptr out;
  bool caught = false;
  if (function) {
    Outcome<Value> outcome = co_await as_result(shielded(std::move(work)));
    out = outcome.exception();
  } else {
    Outcome<std::optional<Value>> outcome = co_await as_result(object.run(std::move(work)));
    out = outcome.exception();
    caught = !out && !outcome.value();
    if (caught != object.cancelled_caught())
      oracle.violation("a cancel scope does not know whether it caught something");
    if (!out && !caught && outcome.value()->origin() != scope->body_value)
      oracle.violation("a cancel scope returned another's value");
  }
  oracle.frame_handles(frame, false);
  if (caught) coverage.count(Happened::region_caught);
  bool fresh = false;
  ScopeEnd end = end_of_scope(out, fresh);
  if (fresh) oracle.violation("a cancel scope raised something of its own");
  body_landed(child, *scope);
  scopes.check_region(scope.id, end, caught, current_task().cancelling());
  scope.close();
  leave_scope(frame, end);
  oracle.frame_returns(frame);
}

// The ids of those that have not ended.
std::vector<TaskId> World::unfinished() const {
  std::vector<TaskId> ids;
  for (const AnyTask& task : all_tasks(*loop)) ids.push_back(task.id());
  return ids;
}

ScopeEnd World::end_of_group(ScopeId id, const std::exception_ptr& out) {
  bool fresh = false;
  ScopeEnd end = end_of_scope(out, fresh);
  std::vector<Thrown> members;
  if (fresh) {
    const auto* group = find<ExceptionGroup>(out);
    if (!group) oracle.violation("a group raised no group");
    if (group)
      for (const std::exception_ptr& member : group->exceptions()) members.push_back(identify(member));
    check_match(out);
    coverage.count(Happened::groups_raised);
    coverage.count(Happened::failures_in_groups, members.size());
  }
  scopes.check_group(id, end, fresh ? &members : nullptr, current_task().cancelling(), unfinished());
  return end;
}

Coro<void> World::in_group(Token, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(*this, frame);
  TaskGroup object;
  Opened scope(*this, ScopeKind::group);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  scope->returns_void = planned.mode != 0;
  std::exception_ptr out;
  if (planned.mode == 0) {
    scope->group = &object;
    Outcome<Value> outcome =
        co_await as_result(object.run(scope_body(Token(1), child, scope.id, planned.body, context)));
    out = outcome.exception();
    if (outcome && outcome.value().origin() != scope->body_value) oracle.violation("a group returned another's value");
  } else {
    auto make_body = [this, child, &scope, index = planned.body, context](TaskGroup& group) {
      scope->group = &group;
      return void_scope_body(Token(1), child, scope.id, index, context);
    };
    Coro<void> work = planned.mode == 1 ? object.run(make_body) : task_group(make_body);
    Outcome<void> outcome = co_await as_result(std::move(work));
    out = outcome.exception();
  }
  oracle.frame_handles(frame, false);
  scope->group = nullptr;
  body_landed(child, *scope);
  ScopeEnd end = end_of_group(scope.id, out);
  bool again = scopes.delivered_again(scope.id, end);
  scope.close();
  if (again) scopes.tell(current_task().id());
  leave_scope(frame, end);
  oracle.frame_returns(frame);
}

Coro<void> World::joined_group(Token, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(*this, frame);
  TaskGroup object;
  Opened scope(*this, ScopeKind::joined);
  scope->group = &object;
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  Outcome<Value> work = co_await as_result(body(Token(1), child, planned.body, context));
  oracle.frame_handles(frame, false);
  if (std::exception_ptr failure = work.exception()) {
    not_resumed();
    Thrown thrown = identify(failure);
    oracle.caught(Source::frame(child), thrown);
    if (planned.mode == 0) {  // its children are cancelled, and nobody waits for them
      coverage.count(Happened::groups_abandoned);
      oracle.frame_throws(frame, thrown);
      std::rethrow_exception(failure);
    }
  } else {
    resumed(frame);
  }
  scopes.body_ended(scope.id, nullptr, {});
  oracle.frame_waits(frame, Source());
  oracle.frame_handles(frame, true);
  Outcome<void> outcome = co_await as_result(object.join());
  oracle.frame_handles(frame, false);
  scope->group = nullptr;
  ScopeEnd end = end_of_group(scope.id, outcome.exception());
  scope.close();
  leave_scope(frame, end);
  oracle.frame_returns(frame);
}

template <class F>
Coro<void> World::wait_for_future(Token, FrameId frame, F future, CellId cell, const Step& planned) {
  using T = typename F::value_type;
  FrameGuard guard(*this, frame);
  if (oracle.loop_of(cell) != oracle.loop() || future == current_task()) {
    oracle.frame_returns(frame);
    co_return;
  }
  Opened scope(*this, ScopeKind::wait_for);
  std::optional<Duration> delay = delay_of(planned);
  bool was_done = future.done();
  TimePoint due = clock.time() + delay.value_or(Duration::zero());
  if (delay && *delay > Duration::zero()) scope->deadline = due;
  oracle.frame_waits(frame, Source::cell(cell));
  oracle.frame_handles(frame, true);
  F kept = future;
  // What it waits for may refuse the cancellation.
  if (oracle.kind(cell) != CellKind::future && !was_done) scopes.told(current_task().id());
  Coro<T> work = delay ? heed::wait_for(std::move(future), *delay) : heed::wait_for(std::move(future), std::nullopt);
  Outcome<T> outcome = co_await as_result(std::move(work));
  oracle.frame_handles(frame, false);
  bool timed_out = false;
  ScopeEnd end = end_of_scope(outcome.exception(), timed_out);
  if (!end.exception) {
    came(cell);
    got(cell, outcome);
  } else if (timed_out) {
    coverage.count(Happened::wait_for_timed_out);
    if (!delay || clock.time() < due) oracle.violation("wait_for() ended before its time");
    if (was_done) oracle.violation("wait_for() of what was done timed out");
  } else {
    oracle.caught(Source::cell(cell), end.thrown);
  }
  if (!end.cancelled() && !kept.done()) oracle.violation("wait_for() came back before what it waits for");
  scope.close();
  leave_scope(frame, end);
  oracle.frame_returns(frame);
}

Coro<void> World::wait_for_entry(FrameId frame, Entry entry, const Step& planned) {
  return std::visit(
      [&](auto& handle) -> Coro<void> {
        if constexpr (requires { handle.result(); }) {
          return wait_for_future(Token(1), frame, std::move(handle), entry.cell, planned);
        } else {
          return pause(Token(1), frame, planned);
        }
      },
      entry.handle);
}

// --- actions -----------------------------------------------------------------------------------------------------

ScopeId World::pick_scope(ScopeKind kind, const Action& action) const {
  AnyTask task = action.flag && running() ? current_task() : AnyTask();
  return scopes.pick(kind, action.slot, task ? task.id() : 0);
}

void World::spawn_in_group(const Action& action) {
  ScopeId id = pick_scope(ScopeKind::group, action);
  if (id == nobody) return;
  bool all_run = true;
  for (CellId child : scopes[id].children) all_run = all_run && oracle.runs_or_waits(child);
  bool must_take = running() && scopes[id].kind == ScopeKind::group && !scopes[id].body.known && !scopes[id].asked &&
                   all_run && scopes[id].group->unfinished() == scopes[id].children.size();
  bool must_refuse = scopes[id].asked;
  Entry entry;
  try {
    entry = spawn(action, id);
  } catch (const std::runtime_error&) {
    coverage.count(Happened::library_refused);
    if (must_take) oracle.violation("a group that is open refused a child");
    return;
  }
  if (entry.cell == nobody) return;
  if (must_refuse) oracle.violation("a group that was cancelled took a child");
  coverage.count(Happened::children);
  if (action.spawn.keep) put(action.other, std::move(entry));
}

void World::cancel_group(const Action& action) {
  ScopeId id = pick_scope(ScopeKind::group, action);
  if (id == nobody) return;
  if (action.amount % 4 <= 1)  // the task that owns it as well, or instead
    if (AnyTask owner = task_with(scopes[id].task)) cancel_task(std::move(owner), "and its owner");
  if (action.amount % 4 == 1) return;
  schedule.cancel_unseen();
  if (!scopes[id].body.known || scopes[id].kind == ScopeKind::joined) scopes[id].asked = true;
  scopes[id].group->cancel("enough");
  for (CellId child : scopes[id].children)
    if (AnyTask task = task_of(child); task && task.cancelling() == 0 && !oracle.uncancelled(child))
      oracle.violation("a group was cancelled, and a child of it was not");
}

void World::cancel_region(const Action& action) {
  ScopeId id = pick_scope(ScopeKind::region, action);
  if (id == nobody) return;
  schedule.cancel_unseen();
  scopes[id].asked = true;
  scopes[id].region->cancel("enough");
  if (!scopes[id].region->cancel_called()) oracle.violation("a scope that was cancelled does not know it");
}

void World::reschedule(const Action& action) {
  std::optional<TimePoint> when;
  if (action.other % 4 != 0) when = clock.time() + std::chrono::milliseconds(action.amount);
  if (action.other % 2 == 0) {
    ScopeId region = pick_scope(ScopeKind::region, action);
    if (region == nobody) return;
    scopes[region].deadline = when;
    return scopes[region].region->set_deadline(when);
  }
  ScopeId id = pick_scope(ScopeKind::timeout, action);
  if (id == nobody) return;
  bool expired = scopes[id].timeout->expired();
  try {
    scopes[id].timeout->reschedule(when);
    scopes[id].deadline = when;
    if (expired) oracle.violation("a timeout that had expired was rescheduled");
  } catch (const std::runtime_error&) {
    if (!expired) oracle.violation("a timeout could not be rescheduled");
  }
}

void World::shield_entry(const Action& action) {
  Entry entry = slot(action.slot);
  if (entry.empty() || oracle.loop_of(entry.cell) != oracle.loop() || !grow()) return;
  bool done = entry.any()->done();
  Entry made = std::visit(
      [&](auto& handle) {
        Entry shielding;
        if constexpr (requires { handle.result(); }) {
          auto outer = shield(handle);
          if (done != (outer == handle))
            oracle.violation("shield() of what is done made something new, or the other way");
          shielding.cell = entry.cell;
          if (!done) {
            shielding.cell = oracle.new_cell(CellKind::shield);
            oracle.bind_state(shielding.cell, &outer.state());
            oracle.set_children(shielding.cell, {entry.cell}, false);
            coverage.count(Happened::shields_made);
          }
          shielding.handle = std::move(outer);
        }
        return shielding;
      },
      entry.handle);
  if (!made.empty()) put(action.other, std::move(made));
}

void World::cancelled_while_idle() {
  TaskId task = current_task().id();
  scopes.cancelled_while_idle(task);
  scopes.told(task);
  if (!scopes.in_cancelled_region(task)) schedule.cancelled_while_idle(task, current_task().cancelling());
}

}  // namespace heed::stress

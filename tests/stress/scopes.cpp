#include "stress/scopes.hpp"

#include <algorithm>

namespace heed::stress {

// --- their life --------------------------------------------------------------------------------------------------

ScopeId Scopes::open(ScopeKind kind, TaskId task, int cancelling) {
  ScopeId id = static_cast<ScopeId>(all_.size());
  Scope& scope = all_.emplace_back();
  scope.kind = kind;
  scope.task = task;
  scope.outer = innermost(task);
  scope.around = region_of(task);
  scope.cancelling = cancelling;
  scope.outer_fired = fired_around(scope);
  innermost_[task] = id;
  return id;
}

void Scopes::body_ended(ScopeId id, std::exception_ptr exception, Thrown thrown) {
  Scope& scope = all_[id];
  scope.body = {true, std::move(exception), thrown};
  if (scope.timeout) scope.expired = scope.timeout->expired();
  if (scope.region) scope.asked = scope.asked || scope.region->cancel_called();
  scope.timeout = nullptr;
  scope.region = nullptr;
}

void Scopes::close(ScopeId id) {
  Scope& scope = all_[id];
  scope.open = false;
  scope.group = nullptr;
  scope.timeout = nullptr;
  scope.region = nullptr;
  scope.body.exception = nullptr;
  innermost_[scope.task] = scope.outer;
  spent_[scope.task] += scope.kind == ScopeKind::region ? 0 : 2;  // its own request, and one that is delivered again
  if (!scope.shields || shielded(scope.task)) return;
  if (held_.erase(scope.task) != 0) tell_.insert(scope.task);
}

void Scopes::task_begins(TaskId task, CellId cell) {
  if (private_cells_.count(cell) != 0) private_.insert(task);
  if (auto born = born_.find(cell); born != born_.end() && born->second != nobody) base_[task] = born->second;
  auto group = groups_.find(cell);
  if (group == groups_.end()) return;
  if (in_cancelled_group(cell)) oracle_.violation("a child began in a cancelled scope");
  if (all_[group->second].kind == ScopeKind::group) base_[task] = all_[group->second].around;
}

bool Scopes::in_cancelled_group(CellId child) const {
  auto group = groups_.find(child);
  if (group == groups_.end()) return false;
  const Scope& scope = all_[group->second];
  return scope.kind == ScopeKind::group && cancelled_around(scope.around);
}

bool Scopes::joins_in_cancelled_region(TaskId task) const {
  ScopeId id = innermost(task);
  return id != nobody && all_[id].body.known && all_[id].kind != ScopeKind::region && in_cancelled_region(task);
}

ScopeId Scopes::innermost(TaskId task) const {
  auto found = innermost_.find(task);
  return found == innermost_.end() ? nobody : found->second;
}

ScopeId Scopes::pick(ScopeKind kind, unsigned n, TaskId task) const {
  auto takes_orders = [&](const Scope& scope) {
    if (!scope.open) return false;
    if (kind == ScopeKind::group) return scope.group != nullptr;
    return kind == ScopeKind::timeout ? scope.timeout != nullptr : scope.region != nullptr;
  };
  if (task != 0)
    for (ScopeId id = innermost(task); id != nobody; id = all_[id].outer)
      if (takes_orders(all_[id])) return id;
  std::vector<ScopeId> found;
  for (ScopeId id = 0; id < all_.size(); ++id)
    if (takes_orders(all_[id])) found.push_back(id);
  return found.empty() ? nobody : found[n % found.size()];
}

FrameId Scopes::body_of_group(Thrown thrown) const {
  for (const Scope& scope : all_)
    if (scope.open && scope.kind == ScopeKind::group && scope.body.failed() && scope.body.thrown == thrown)
      return scope.body_frame;
  return nobody;
}

// --- regions and shields -----------------------------------------------------------------------------------------

ScopeId Scopes::shield_of(TaskId task) const {
  ScopeId id = innermost(task);
  while (id != nobody && !all_[id].shields) id = all_[id].outer;
  return id;
}

ScopeId Scopes::region_of(TaskId task) const {
  for (ScopeId id = innermost(task); id != nobody; id = all_[id].outer)
    if (all_[id].kind == ScopeKind::region) return id;
  auto base = base_.find(task);
  return base == base_.end() ? nobody : base->second;
}

bool Scopes::cancelled_around(ScopeId region) const {
  for (; region != nobody; region = all_[region].around) {
    if (all_[region].open && was_cancelled(all_[region])) return true;
    if (all_[region].open && all_[region].shields) return false;
  }
  return false;
}

// --- requests ----------------------------------------------------------------------------------------------------

void Scopes::requested(TaskId task) {
  ScopeId shield = nobody;  // the outermost one
  for (ScopeId id = innermost(task); id != nobody; id = all_[id].outer)
    if (all_[id].shields) shield = id;
  bool reaches = shield == nobody;
  for (ScopeId id = innermost(task); id != nobody; id = all_[id].outer) {
    ++all_[id].requests;
    if (reaches) ++all_[id].outside;
    if (id == shield) reaches = true;
  }
}

void Scopes::uncancelled(TaskId task, int left) {
  for (ScopeId id = innermost(task); id != nobody; id = all_[id].outer) all_[id].withdrawn = true;
  if (left != 0) return;
  held_.erase(task);
  tell_.erase(task);
}

void Scopes::cancelled_while_idle(TaskId task) {
  ScopeId shield = shield_of(task);
  if (shield == nobody || was_cancelled(all_[shield])) return;
  for (ScopeId id = innermost(task); id != shield; id = all_[id].outer)
    if (all_[id].kind != ScopeKind::region || was_cancelled(all_[id])) return;
  oracle_.violation("a shielded region saw a cancellation from outside");
}

int Scopes::spent(TaskId task) const {
  auto found = spent_.find(task);
  return found == spent_.end() ? 0 : found->second;
}

// --- checks ------------------------------------------------------------------------------------------------------

unsigned Scopes::fired_around(const Scope& scope) const {
  unsigned fired = 0;
  for (ScopeId id = scope.outer; id != nobody; id = all_[id].outer) fired += all_[id].timeout && has_fired(all_[id]);
  return fired;
}

unsigned Scopes::groups_around(const Scope& scope) const {
  unsigned count = 0;
  for (ScopeId id = scope.outer; id != nobody; id = all_[id].outer)
    count += !all_[id].timeout && all_[id].kind != ScopeKind::region;
  return count;
}

bool Scopes::asked_by_none(const Scope& scope) const {
  return private_.count(scope.task) != 0 && scope.requests == 0 && !scope.withdrawn && groups_around(scope) == 0 &&
         fired_around(scope) == 0 && scope.cancelling == 0 && !cancelled_around(scope.around);
}

// The scope has taken its own request back, and nobody else's.
void Scopes::check_cancelling(const Scope& scope, int now) {
  if (scope.withdrawn) return;
  int least = scope.cancelling + scope.requests;
  if (now < least) oracle_.violation("a scope took back a request for cancellation that was not its own");
  if (private_.count(scope.task) == 0) return;
  int most = least + static_cast<int>(fired_around(scope) - scope.outer_fired + groups_around(scope));
  if (now > most) oracle_.violation("the request of a scope is left behind");
}

void Scopes::same(const Scope& scope, const ScopeEnd& end, const char* what) {
  if (end.exception != scope.body.exception)
    oracle_.violation(std::string(what) + " ended with something else than its body");
}

void Scopes::check_timeout(ScopeId id, const ScopeEnd& end, bool timed_out, int cancelling) {
  const Scope& scope = all_[id];
  bool waits_for = scope.kind == ScopeKind::wait_for;
  check_cancelling(scope, cancelling);
  if (!scope.body.known) {  // of a wait_for() without any time
    if (end.value()) oracle_.violation("a timeout came back before its body");
    return;
  }
  bool time_is_over = scope.deadline && clock_.time() >= *scope.deadline;
  bool expired = waits_for ? time_is_over : scope.expired;
  if (!waits_for && expired && !time_is_over) oracle_.violation("a timeout expired before its time");
  if (timed_out && !expired) oracle_.violation("a TimeoutError before its time");
  if (scope.body.failed()) return same(scope, end, "a timeout");
  if (scope.body.value()) {
    if (!end.value() && (!timed_out || waits_for)) oracle_.violation("the value of a timeout's body is lost");
    return;
  }
  if (end.value()) return oracle_.violation("a timeout swallowed a cancellation");
  if (!timed_out) {
    if (!end.cancelled()) oracle_.violation("a timeout turned a cancellation into something else");
    if (!waits_for && expired && asked_by_none(scope))
      oracle_.violation("nobody but the timeout asked for a cancellation, and it went on");
  } else if (scope.outside != 0 && !scope.withdrawn) {
    oracle_.violation("a timeout took the cancellation of others for its own");
  } else if (cancelled_around(scope.around)) {
    oracle_.violation("a timeout took the cancellation of a scope for its own");
  }
}

void Scopes::check_region(ScopeId id, const ScopeEnd& end, bool caught, int cancelling) {
  const Scope& scope = all_[id];
  check_cancelling(scope, cancelling);
  if (!scope.body.known) return oracle_.violation("a scope came back before its body");
  if (!caught) {
    if (end.exception != scope.body.exception && !(end.cancelled() && scope.body.cancelled()))
      oracle_.violation("a cancel scope ended with something else than its body");
    if (was_cancelled(scope) && scope.body.cancelled() && asked_by_none(scope))
      oracle_.violation("a cancelled scope did not catch its own cancellation");
    return;
  }
  if (!scope.body.cancelled()) oracle_.violation("a cancel scope caught what was no cancellation");
  if (!was_cancelled(scope)) oracle_.violation("a cancel scope that was not cancelled caught a cancellation");
  if (scope.outside != 0 && !scope.withdrawn)
    oracle_.violation("a cancel scope took the cancellation of others for its own");
  if (!scope.shields && cancelled_around(scope.around))
    oracle_.violation("a cancel scope took the cancellation of an outer one for its own");
}

void Scopes::check_group(ScopeId id, const ScopeEnd& end, const std::vector<Thrown>* members, int cancelling,
                         const std::vector<TaskId>& unfinished) {
  const Scope& scope = all_[id];
  check_cancelling(scope, cancelling);
  if (!scope.body.known) return oracle_.violation("a group came back before its body");
  for (CellId child : scope.children)
    if (std::find(unfinished.begin(), unfinished.end(), oracle_.task_id(child)) != unfinished.end())
      oracle_.violation("a child outlived its group");
  bool interrupted = end.failed() && oracle_.is_interrupt(end.thrown);
  bool body_counts = scope.body.failed() && !interrupted;
  std::vector<Thrown> of_children;
  if (members) {
    of_children = *members;
    if (body_counts && (of_children.empty() || of_children.back() != scope.body.thrown))
      oracle_.violation("a group has lost the failure of its body");
    if (body_counts && !of_children.empty()) of_children.pop_back();
  }
  if (interrupted) return oracle_.group_interrupted(scope.children, end.thrown);
  bool failed = oracle_.group_merged(scope.children, of_children) || body_counts;
  if (failed != (members != nullptr))
    oracle_.violation("a group in which something failed did not raise it, or another one did");
  if (failed) return;
  if (end.failed()) return oracle_.violation("a group in which nothing failed raised something");
  if (end.value()) {
    if (scope.body.cancelled() && !scope.asked) oracle_.violation("a group swallowed a cancellation");
    if (scope.body.cancelled() && scope.outside != 0 && !scope.withdrawn)
      oracle_.violation("a group took the cancellation of others for its own");
  } else if (scope.body.cancelled() && scope.asked && scope.returns_void && asked_by_none(scope)) {
    oracle_.violation("a group that was cancelled is not quiet");
  } else if (!scope.body.cancelled() && asked_by_none(scope)) {
    oracle_.violation("a group raised a cancellation that nobody asked for");
  }
}

std::optional<TimePoint> Scopes::next_deadline() {
  std::optional<TimePoint> next;
  for (const Scope& scope : all_) {
    if (!scope.open || !scope.deadline || scope.body.known || scope.asked) continue;
    if (*scope.deadline <= clock_.time()) {
      if (scope.kind != ScopeKind::wait_for && !has_fired(scope) && (scope.timeout || scope.region))
        oracle_.violation("the loop sleeps, and a deadline that has passed was not noticed");
    } else if (!has_fired(scope) && (!next || *scope.deadline < *next)) {
      next = scope.deadline;
    }
  }
  return next;
}

void Scopes::check_idle(TaskId task, TimePoint since) {
  if (in_cancelled_region(task)) oracle_.violation("the loop sleeps, and so does a task in a cancelled scope");
  for (ScopeId id = innermost(task); id != nobody && !all_[id].shields; id = all_[id].outer) {
    const Scope& scope = all_[id];
    if (scope.timeout && scope.timeout->expired() && scope.deadline && *scope.deadline > since)
      oracle_.violation("the loop sleeps, and the body of a timeout that expired was not told");
  }
}

void Scopes::check_joins() {
  for (const Scope& scope : all_) {
    if (!scope.open || !scope.body.known || (scope.kind != ScopeKind::group && scope.kind != ScopeKind::joined))
      continue;
    if (std::all_of(scope.children.begin(), scope.children.end(),
                    [&](CellId child) { return oracle_.must_have_ended(child); }))
      oracle_.violation("the loop sleeps, and a group waits whose children have ended");
  }
}

}  // namespace heed::stress

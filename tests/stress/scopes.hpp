// The scopes of a program: task groups, timeouts, cancel scopes, shielded regions. What must be true of them is derived
// from what the program did and from how the bodies ended, not from what the library thinks.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "heed/flow/cancel_scope.hpp"
#include "heed/flow/task_group.hpp"
#include "heed/flow/timeout.hpp"
#include "stress/oracle.hpp"
#include "stress/virtual_loop.hpp"

namespace heed::stress {

using ScopeId = std::uint32_t;
using TaskId = std::uint64_t;

enum class ScopeKind : std::uint8_t { group, joined, timeout, wait_for, region };

// How the body of a scope, or the scope, ended.
struct ScopeEnd {
  bool known = false;
  std::exception_ptr exception;
  Thrown thrown;
  bool value() const noexcept { return !exception; }
  bool cancelled() const noexcept { return exception && thrown.cancellation; }
  bool failed() const noexcept { return exception && !thrown.cancellation; }
};

struct Scope {
  ScopeKind kind;
  bool shields = false;
  bool returns_void = false;
  TaskId task = 0;
  ScopeId outer = nobody;   // of the same task
  ScopeId around = nobody;  // the next region outwards, perhaps of the task that owns the group
  TaskGroup* group = nullptr;
  Timeout* timeout = nullptr;
  CancelScope* region = nullptr;
  bool open = true;
  bool asked = false;    // cancel() was called
  bool expired = false;  // as the library says, when the body ended
  std::optional<TimePoint> deadline;
  int cancelling = 0;        // of the task, when it entered
  unsigned outer_fired = 0;  // scopes around it that had asked then
  int requests = 0;          // of others for the task, since then
  int outside = 0;           // those of them that no shield inside of the scope keeps away
  bool withdrawn = false;    // uncancel() was called since then
  ScopeEnd body;
  FrameId body_frame = nobody;
  std::uint32_t body_value = 0;
  std::vector<CellId> children;
};

class Scopes {
 public:
  Scopes(Oracle& oracle, const VirtualClock& clock) : oracle_(oracle), clock_(clock) {}
  Scopes(const Scopes&) = delete;
  Scopes& operator=(const Scopes&) = delete;

  // --- their life ------------------------------------------------------------------------------------------------
  ScopeId open(ScopeKind kind, TaskId task, int cancelling);
  Scope& operator[](ScopeId id) { return all_[id]; }
  void body_ended(ScopeId id, std::exception_ptr exception, Thrown thrown);
  // However the frame that holds it ends.
  void close(ScopeId id);
  // The task runs the first frame of this child.
  void task_begins(TaskId task, CellId cell);
  // Only what the program does with it can cancel this task.
  void set_private(CellId cell) { private_cells_.insert(cell); }
  void child_of(CellId cell, ScopeId group) { groups_[cell] = group; }
  // This task is made by a running one, and is in the same region.
  void born_in(CellId cell, TaskId parent) { born_[cell] = region_of(parent); }
  // The n-th open one that takes orders; of `task` its innermost one. Null: none.
  ScopeId pick(ScopeKind kind, unsigned n, TaskId task) const;
  ScopeId innermost(TaskId task) const;

  // An open group whose body ended so: its frame.
  FrameId body_of_group(Thrown thrown) const;

  // --- requests --------------------------------------------------------------------------------------------------
  // Somebody asked for the cancellation of this task.
  void requested(TaskId task);
  // ... and it is in a shielded region: it must not notice before that ends.
  void held(TaskId task) { ++held_[task]; }
  void uncancelled(TaskId task, int left);
  bool shielded(TaskId task) const { return shield_of(task) != nobody; }
  bool in_cancelled_region(TaskId task) const { return cancelled_around(region_of(task)); }
  bool in_cancelled_group(CellId child) const;
  // It waits for the children of a group, and was told already that its region is cancelled.
  bool joins_in_cancelled_region(TaskId task) const;
  // The wait that begins now has to be cancelled.
  bool must_be_told(TaskId task) const { return tell_.count(task) != 0 && !shielded(task); }
  void tell(TaskId task) { tell_.insert(task); }
  // A failure leaves a group whose body got a cancellation that others had asked for: the next await gets it.
  bool delivered_again(ScopeId id, const ScopeEnd& end) const {
    const Scope& scope = all_[id];
    return end.failed() && scope.body.cancelled() && scope.outside != 0 && !scope.withdrawn;
  }
  void told(TaskId task) {
    if (!shielded(task)) tell_.erase(task);
  }
  // It saw a cancellation while it slept or waited for its turn.
  void cancelled_while_idle(TaskId task);
  // How often scopes may have cancelled this task and taken it back.
  int spent(TaskId task) const;

  // --- what is checked -------------------------------------------------------------------------------------------
  // What left the scope: a TimeoutError, or a group of failures, is known by its number already when it is new.
  void check_timeout(ScopeId id, const ScopeEnd& end, bool timed_out, int cancelling);
  void check_region(ScopeId id, const ScopeEnd& end, bool caught, int cancelling);
  void check_group(ScopeId id, const ScopeEnd& end, const std::vector<Thrown>* members, int cancelling,
                   const std::vector<TaskId>& unfinished);
  // The earliest deadline that the loop must not sleep past.
  std::optional<TimePoint> next_deadline();
  // A task waits for time, its turn, or a plain future, while the loop sleeps.
  void check_idle(TaskId task, TimePoint since);
  void check_joins();

 private:
  ScopeId shield_of(TaskId task) const;
  ScopeId region_of(TaskId task) const;
  bool cancelled_around(ScopeId region) const;
  bool was_cancelled(const Scope& scope) const {
    return scope.kind == ScopeKind::region && (scope.asked || (scope.region && scope.region->cancel_called()));
  }
  static bool has_fired(const Scope& scope) {
    return scope.timeout ? scope.timeout->expired() : scope.region && scope.region->cancel_called();
  }
  unsigned fired_around(const Scope& scope) const;
  unsigned groups_around(const Scope& scope) const;
  // Nobody but the program's own actions, which are counted, can have asked for its cancellation.
  bool asked_by_none(const Scope& scope) const;
  void check_cancelling(const Scope& scope, int now);
  void same(const Scope& scope, const ScopeEnd& end, const char* what);

  Oracle& oracle_;
  const VirtualClock& clock_;
  std::vector<Scope> all_;
  std::map<TaskId, ScopeId> innermost_;
  std::map<TaskId, ScopeId> base_;  // the region that a child of a group is in
  std::map<CellId, ScopeId> groups_;
  std::map<CellId, ScopeId> born_;
  std::map<TaskId, int> held_;
  std::map<TaskId, int> spent_;
  std::set<TaskId> tell_;
  std::set<TaskId> private_;
  std::set<CellId> private_cells_;
};

}  // namespace heed::stress

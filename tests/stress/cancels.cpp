// Cancelling, and what must be true afterwards.
#include <set>
#include <vector>

#include "heed/core/task_state.hpp"
#include "stress/moment.hpp"
#include "stress/sync_pool.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

// The tasks that a request for `first` goes along: each awaits the next. `ends`: the last one awaits no task, or keeps
// the request; else they await each other in a circle.
struct Line {
  std::vector<detail::TaskState*> tasks;
  bool ends = false;
};

Line line_from(detail::TaskState* first, const Scopes& scopes) {
  Line line;
  std::set<detail::TaskState*> seen;
  for (detail::TaskState* task = first; seen.insert(task).second;) {
    line.tasks.push_back(task);
    detail::TaskState* awaited = task->waiting_on() ? task->waiting_on()->as_task() : nullptr;
    line.ends = !awaited || awaited->done() || scopes.shielded(task->id());
    if (line.ends) break;
    task = awaited;
  }
  return line;
}

}  // namespace

// The unfinished task of this cell.
AnyTask World::task_of(CellId cell) const { return cell == nobody ? AnyTask() : task_with(oracle.task_id(cell)); }
AnyTask World::task_with(TaskId id) const {
  for (AnyTask& task : all_tasks(*loop))
    if (task.id() == id) return std::move(task);
  return {};
}

void World::cancel(AnyFuture future, CellId cell) {
  coverage.count(moment_of(future));
  if (future.is_task() && !future.done()) return cancel_task(AnyTask::share(future.state()), "stop");
  bool done = future.done();
  bool shield = cell != nobody && oracle.kind(cell) == CellKind::shield;
  AnyTask inner = shield ? task_of(oracle.child_of(cell)) : AnyTask();
  int before = inner ? inner.cancelling() : 0;
  bool accepted = future.cancel("stop");
  if (inner && inner.cancelling() != before)
    oracle.violation("who waits for a shield was cancelled, and what is shielded too");
  if (accepted && done) oracle.violation("a future that is done could be cancelled");
  if (done || cell == nobody) return;
  if (oracle.kind(cell) == CellKind::gather) {
    schedule.cancel_unseen();
    if (!accepted) return;
    oracle.note_cancel_accepted(cell);
    std::vector<AnyTask> pending;
    for (CellId child : oracle.children(cell))
      if (AnyTask task = task_of(child)) pending.push_back(std::move(task));
    // One that cancelled the rest already does not do so again.
    if (oracle.cancels_rest(cell) && pending.size() < oracle.children(cell).size()) return;
    for (const AnyTask& task : pending)
      if (task.cancelling() == 0) oracle.violation("a gather was cancelled, and a child of it was not");
    return;
  }
  oracle.note_ended(cell);
  if (!accepted || !future.cancelled()) oracle.violation("a pending future could not be cancelled");
}

void World::cancel_task(AnyTask task, const char* message) {
  if (task.done()) {
    if (task.cancel(message)) oracle.violation("a task that is done could be cancelled");
    return;
  }
  if (oracle.cell_of_task(task.id()) == nobody) shutdown_cut_ = oracle.loop();  // perhaps the runner's
  Line line = line_from(&static_cast<detail::TaskState&>(task.state()), scopes);
  detail::TaskState* end = line.ends ? line.tasks.back() : nullptr;
  std::vector<TaskId> asked;
  for (detail::TaskState* state : line.tasks) asked.push_back(state->id());
  AnyTask last = end ? AnyTask::share(*end) : AnyTask();
  int before = end ? end->cancelling() : 0;
  Happened moment = last ? moment_of(last) : Happened::cancelled_done;
  detail::Waitable* waits = end ? end->waiting_on() : nullptr;
  auto* awaited = dynamic_cast<detail::FutureState*>(waits);
  bool awaits_future = awaited && moment == Happened::cancelled_in_future && !awaited->done();
  AnyFuture keep = awaits_future ? AnyFuture::share(*awaited) : AnyFuture();
  if (!task.cancel(message)) oracle.violation("a task that is not done could not be cancelled");
  for (TaskId id : asked) scopes.requested(id);
  if (last && scopes.shielded(last.id())) {
    coverage.count(Happened::cancelled_in_shield);
    scopes.held(last.id());
    if (end->waiting_on() != waits) oracle.violation("a cancellation from outside reached a shielded region");
    return;
  }
  if (!last || moment == Happened::cancelled_in_gather) schedule.cancel_unseen();
  if (!last) return;
  if (last.cancelling() <= before) oracle.violation("the last one in a line of tasks was not cancelled");
  bool joins = scopes.joins_in_cancelled_region(last.id()) ||
               (racing_.count(last.id()) != 0 && scopes.in_cancelled_region(last.id()));
  if (joins || closing) return;  // tasks whose region went before them are in a cancelled one still
  if (keep && !keep.cancelled()) oracle.violation("a task was cancelled, and the future it awaits was not");
  if (moment == Happened::cancelled_in_condition) return sync().cancelled_in_condition(last.id());
  bool ready = moment == Happened::cancelled_ready;
  if (!ready && moment != Happened::cancelled_in_sleep && moment != Happened::cancelled_in_sync) return;
  CellId cell = oracle.cell_of_task(last.id());
  if (cell == nobody || oracle.root(cell) == nobody) return;
  schedule.cancel_due(last.id(), !oracle.frame_created(oracle.root(cell)), ready);
}

void World::uncancel(const AnyFuture& future, CellId cell) {
  if (!future.is_task()) return;
  oracle.note_uncancel(cell);
  AnyTask task = AnyTask::share(future.state());
  int before = task.cancelling();
  int left = task.uncancel();
  if (left != task.cancelling()) oracle.violation("uncancel() and cancelling() do not agree");
  if (left != (before == 0 ? 0 : before - 1))
    oracle.violation("uncancel() took another number of requests back than one");
  // One that is done, perhaps without having begun, has nothing left to take back.
  if (!task.done()) scopes.uncancelled(task.id(), left);
  sync().withdrawn(task.id());
  if (before != 0 && !task.done()) schedule.withdrawn(task.id(), left);
}

void World::resumed(FrameId frame) {
  if (AnyTask task = current_task()) {
    schedule.resumed(task.id());
    schedule.wait_over(task.id());
  }
  oracle.resumed(frame);
}

void World::not_resumed() {
  AnyTask task = current_task();
  if (!task) return;
  schedule.cancel_came(task.id());
  schedule.wait_over(task.id());
}

}  // namespace heed::stress

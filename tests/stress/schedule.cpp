#include "stress/schedule.hpp"

#include <algorithm>

#include "heed/core/future.hpp"
#include "heed/failure/exception_info.hpp"

namespace heed::stress {

// --- callbacks ---------------------------------------------------------------------------------------------------

Schedule::CallId Schedule::new_call(Queue queue, CellId about, TimePoint due, bool certain) {
  calls_.push_back({queue, about, due, runs_alone_ && reports_ == 0 ? iteration_ : 0, certain});
  if (queue == Queue::later) add_deadline(due);
  return static_cast<CallId>(calls_.size() - 1);
}

void Schedule::call_destroyed(CallId id, bool loop_runs) {
  Call& call = calls_[id];
  bool waited = call.waits();
  if (--call.copies != 0) return;
  if (waited) remove_deadline(call.due);
  if (loop_runs && call.certain && !call.ran && !call.taken_back)
    oracle_.violation("callback " + std::to_string(id) + " was destroyed and never ran");
}

void Schedule::taken_back(CallId id) {
  Call& call = calls_[id];
  if (call.waits()) remove_deadline(call.due);
  call.taken_back = true;
}

void Schedule::taken_back_equal(CellId about, unsigned callback) {
  for (CallId id = 0; id < calls_.size(); ++id) {
    Call& call = calls_[id];
    if (call.queue == Queue::done && call.about == about && call.callback == callback && !call.ran) taken_back(id);
  }
}

void Schedule::call_runs(CallId id) {
  Call& call = calls_[id];
  std::string name = "callback " + std::to_string(id);
  if (call.ran) oracle_.violation(name + " runs twice");
  if (call.taken_back) oracle_.violation(name + " runs although it was taken back");
  if (call.waits()) remove_deadline(call.due);
  call.ran = true;
  auto in_order = [&](CallId& last) {
    if (id < last) oracle_.violation(name + " runs after callback " + std::to_string(last));
    last = id;
  };
  switch (call.queue) {
    case Queue::soon: in_order(last_soon_); break;
    case Queue::threadsafe: in_order(last_threadsafe_); break;
    case Queue::done: in_order(last_about_[call.about]); break;
    case Queue::later:
      if (clock_.time() < call.due) oracle_.violation(name + " runs before its time");
      if (last_later_ != nobody && std::pair(calls_[last_later_].due, last_later_) > std::pair(call.due, id))
        oracle_.violation(name + " runs after callback " + std::to_string(last_later_) + ", which was due later");
      last_later_ = id;
      break;
  }
  if (call.queue == Queue::soon && call.iteration != 0 && call.iteration == iteration_)
    oracle_.violation(name + " runs in the iteration that scheduled it");
}

void Schedule::check_captures(CallId id) {
  if (calls_[id].over && calls_[id].copies != 0)
    oracle_.violation("callback " + std::to_string(id) + " ran and still has its captures");
}

// --- waiting -----------------------------------------------------------------------------------------------------

bool Schedule::satisfied(const std::vector<AnyFuture>& futures, int when) {
  auto done = [](const AnyFuture& future) { return future.done(); };
  auto failed = [](const AnyFuture& future) {
    return future.state().failure() && !is_cancellation(future.state().peek_exception());
  };
  if (std::all_of(futures.begin(), futures.end(), done)) return true;
  if (when == 1) return std::any_of(futures.begin(), futures.end(), done);
  return when == 2 && std::any_of(futures.begin(), futures.end(), failed);
}

void Schedule::loop_sleeps(Duration timeout, bool needs_no_timer) {
  auto soonest = std::find_if(deadlines_.begin(), deadlines_.end(),
                              [&](const auto& deadline) { return !oracle_.passed_over(deadline.second); });
  if (soonest != deadlines_.end() && timeout > soonest->first - clock_.time())
    oracle_.violation("the loop sleeps past a deadline");
  std::optional<TimePoint> of_scope = scopes_.next_deadline();
  if (of_scope && timeout > *of_scope - clock_.time())
    oracle_.violation("the loop sleeps past the deadline of a scope");
  scopes_.check_joins();
  bool own_timers =
      std::any_of(waits_.begin(), waits_.end(), [](const Wait* wait) { return wait->overdue != nullptr; });
  if (!own_timers && soonest == deadlines_.end() && !of_scope && timeout != Duration::max() && needs_no_timer)
    oracle_.violation("the loop will wake up for nothing");
  for (const Wait* wait : waits_) {
    if (oracle_.passed_over(wait->frame)) continue;
    if (wait->overdue) {
      if (const char* wrong = wait->overdue(timeout)) oracle_.violation(wrong);
      continue;
    }
    bool idles = !wait->futures && (wait->future ? oracle_.kind(wait->cell) == CellKind::future : wait->sleeps);
    if (idles && wait->task != 0) scopes_.check_idle(wait->task, wait->since);
    if (wait->futures) {
      if (satisfied(*wait->futures, wait->when)) oracle_.violation("wait() did not come back");
    } else if (asked_themselves_.count(wait->task) != 0 && !scopes_.shielded(wait->task) &&
               (wait->sleeps || (wait->future && oracle_.kind(wait->cell) == CellKind::future))) {
      oracle_.violation("the loop sleeps, and so does a task that had cancelled itself before");
    } else if (wait->sleeps) {
      continue;
    } else if (!wait->future) {
      oracle_.violation("the loop sleeps, and the turn of a task did not come");
    } else if (wait->future->done()) {
      oracle_.violation("the loop sleeps, and a task waits for what is done");
    } else if (oracle_.must_have_ended(wait->cell)) {
      oracle_.violation("the loop sleeps, and a task waits for what must have ended");
    }
  }
  if (all_seen_ && needs_no_timer && !must_begin_.empty())
    oracle_.violation("a task whose cancellation was withdrawn has not begun");
  for (const auto& [task, due] : due_)
    if (due.begun) oracle_.violation("the loop sleeps, and a task that was cancelled was not told");
}

// --- cancellation ------------------------------------------------------------------------------------------------

void Schedule::cancel_due(std::uint64_t task, bool begun, bool ready) {
  must_begin_.erase(task);
  Due& due = due_[task];
  ++due.requests;
  due.begun = begun;
  due.ready = due.ready && ready;
}

void Schedule::resumed(std::uint64_t task) {
  if (due_.erase(task) != 0) oracle_.violation("a task that was cancelled goes on as if nothing had happened");
}

void Schedule::withdrawn(std::uint64_t task, int left) {
  Requests& requests = requests_[task];
  ++requests.taken_back;
  asked_themselves_.erase(task);
  auto due = due_.find(task);
  if (left != 0 || due == due_.end()) return;
  if (due->second.ready) requests.withdrawn += static_cast<int>(due->second.requests);
  if (!due->second.begun) must_begin_.insert(task);
  due_.erase(due);
}

void Schedule::cancelled_while_idle(std::uint64_t task, int requests) {
  Requests& all = requests_[task];
  if (++all.delivered > requests + all.taken_back - all.withdrawn + scopes_.spent(task))
    oracle_.violation("a task is cancelled more often than anybody asked for");
}

}  // namespace heed::stress

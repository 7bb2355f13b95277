// The oracle's view of reports, and what it checks.
#include <algorithm>

#include "stress/oracle.hpp"

namespace heed::stress {

// --- reports -----------------------------------------------------------------------------------------------------

CellId Oracle::cell_of_task(std::uint64_t task_id) const {
  for (std::size_t i = cells_.size(); i-- > 0;)
    if (cells_[i].task_id == task_id) return static_cast<CellId>(i);
  return nobody;
}

// Addresses are used again: the youngest is meant.
CellId Oracle::cell_of_state(const void* state) const {
  for (std::size_t i = cells_.size(); i-- > 0;)
    if (cells_[i].address == state) return static_cast<CellId>(i);
  return nobody;
}

CellId Oracle::unread_cell_with(Thrown thrown, CellKind kind) {
  auto unread = [&](const Cell& cell) {
    bool fits = cell.kind == kind || (kind == CellKind::future && cell.kind == CellKind::shield);
    return fits && !cell.merged && !cell.delivered && !cell.consumed && cell.reports == 0;
  };
  for (bool perhaps_seen : {false, true})
    for (CellId id = 0; id < cells_.size(); ++id)
      if (unread(cells_[id]) && cells_[id].state == CellState::failed && cells_[id].thrown == thrown &&
          cells_[id].perhaps_seen == perhaps_seen)
        return id;
  auto shielded = [&](CellId id) {
    return std::any_of(cells_.begin(), cells_.end(),
                       [&](const Cell& shield) { return shield.kind == CellKind::shield && shield.children[0] == id; });
  };
  // Of two that may have failed so, the one whose failure a shield has not taken over.
  for (bool behind_shields : {false, true}) {
    for (CellId id = 0; id < cells_.size(); ++id) {
      if (!unread(cells_[id]) || shielded(id) != behind_shields) continue;
      if (kind == CellKind::gather && thrown.cancellation && cells_[id].state == CellState::open) return id;
      if (establish(id, thrown)) return id;
    }
  }
  return nobody;
}

void Oracle::raised_directly(ErrorId error, const char* where) { direct_.push_back({where, error, loop_}); }

void Oracle::reported(CellId id, Thrown thrown, bool provisional) {
  if (tracing_) trace(name(id) + " is reported" + (provisional ? " provisionally" : "") + " with " + to_string(thrown));
  Cell& cell = cells_[id];
  ++cell.in_report;
  if (of_others(cell.kind) && thrown.cancellation) {
    // A child was cancelled: nobody but the gather knows that this is its failure.
    if (thrown.id != 0) establish(id, thrown);
    if (cell.state == CellState::open) fail(id, thrown);
  } else if (!establish(id, thrown)) {
    return violation(name(id) + " is reported with " + to_string(thrown) + ", which it did not end with");
  }
  cell.guessed = false;
  int& count = provisional ? cell.provisional : cell.reports;
  if (++count > 1) violation(name(id) + " is reported twice");
  if (cell.delivered || cell.consumed) violation(name(id) + " is reported although its failure was retrieved");
  if (cell.merged) violation(name(id) + " is reported although its failure is in a group");
  if (provisional && cell.reports != 0) violation(name(id) + " is reported provisionally after its report");
}

void Oracle::reported_directly(Thrown thrown) {
  if (tracing_) trace("reported: " + to_string(thrown));
  Direct* last = nullptr;  // several may have thrown the same
  for (Direct& direct : direct_) {
    if (direct.error != thrown.id) continue;
    last = &direct;
    if (direct.reports == 0) break;
  }
  if (last) {
    // Perhaps of the frame that was destroyed last: its task ends after this report, and others may end in it.
    if (last_failed_ != nobody) cells_[last_failed_].failed_at = 0;
    if (++last->reports > 1) violation(to_string(thrown) + " of a " + last->where + " is reported twice");
    return;
  }
  violation("a report about " + to_string(thrown) + ", which no callback, destructor or handler threw");
}

void Oracle::reported_pending(CellId id, bool late) {
  if (id != nobody) cells_[id].late = late;
  if (id != nobody && ++cells_[id].pending_reports > 1) violation(name(id) + " is reported as pending twice");
}

// --- checks ------------------------------------------------------------------------------------------------------

void Oracle::check_books(const Ledger& books) {
  const FailureCounts& failures = books.failures();
  const CancellationCounts& cancellations = books.cancellations();
  if (!failures.balanced() || !cancellations.balanced() || failures.live > failures.raised ||
      cancellations.pending > cancellations.requested)
    violation("the books do not balance: " + books.summary());
}

void Oracle::check_lists(const Ledger& books) {
  check_books(books);
  std::size_t live = 0;
  for (const FailureRecord* record : books.live()) {
    ++live;
    if (record->disposition != Disposition::live || !record->exception())
      violation("a settled failure is in the list of live ones: " + books.summary());
  }
  if (live != books.failures().live) violation("the list of live failures does not fit: " + books.summary());
}

void Oracle::check_closed(const Ledger& books) {
  check_lists(books);
  const FailureCounts& failures = books.failures();
  if (failures.live != 0 || books.cancellations().pending != 0)
    violation("the loop is closed and something is open: " + books.summary());
  if (books.settled() != books.recent().size() + books.overflowed())
    violation("the ring of records has lost some: " + books.summary());
  if (failures.supervised != 0) violation("nobody supervises here: " + books.summary());

  std::uint64_t merged = 0, perhaps_merged = 0;
  std::uint64_t raised = 0, told = 0, guessed = 0, unclear = 0;
  for (const Direct& direct : direct_) {
    if (direct.loop != loop_) continue;
    ++raised;
    ++told;
  }
  for (unsigned loop : replaced_) {
    raised += loop == loop_;
    merged += loop == loop_;
  }
  for (const Cell& cell : cells_) {
    if (cell.loop != loop_) continue;
    bool never_began = cell.root == nobody || frames_[cell.root].state == FrameState::created;
    if (cell.abandoned ? cell.pending_reports != 1 : cell.pending_reports != 0 && !never_began && !cell.late)
      violation(name(static_cast<CellId>(&cell - cells_.data())) + (cell.abandoned ? " was abandoned" : " had ended") +
                " and is reported as pending " + std::to_string(cell.pending_reports) + " times");
    // What was seen later was perhaps seen before.
    bool unsure = cell.perhaps_live || cell.delivered || cell.consumed || cell.perhaps_seen;
    if (cell.merged && cell.was_live) ++(unsure ? perhaps_merged : merged);
    if (cell.state == CellState::failed) {
      ++raised;
      guessed += cell.guessed;
      if (cell.reports != 0 && !cell.read_in_report) ++told;
    } else if (of_others(cell.kind) ? !cell.returns_exceptions : cell.unresolved) {
      ++unclear;  // perhaps it failed: a gather because a child was cancelled, a task with what a gather gave it
    }
  }
  if (failures.merged < merged || failures.merged > merged + perhaps_merged)
    violation("expected merged " + std::to_string(merged) + ".." + std::to_string(merged + perhaps_merged) +
              "; the books say " + books.summary());
  raised -= guessed;
  unclear += guessed;
  if (failures.raised < raised || failures.raised > raised + unclear || failures.reported != told)
    violation("expected raised " + std::to_string(raised) + ".." + std::to_string(raised + unclear) + ", reported " +
              std::to_string(told) + "; the books say " + books.summary());
}

void Oracle::check_over() {
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    if (frame.alive) violation("frame " + std::to_string(i) + " was never destroyed");
    if (frame.state == FrameState::threw && !frame.landed && !frame.thrown.cancellation)
      violation(to_string(frame.thrown) + ", thrown in frame " + std::to_string(i) + ", has vanished");
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const Cell& cell = cells_[i];
    if (cell.state != CellState::failed || cell.delivered || cell.consumed || cell.merged || cell.perhaps_seen ||
        cell.reports != 0)
      continue;
    if (is_interrupt(cell.thrown) && raised_[cell.thrown.id - 1].interrupt_seen) continue;
    violation(to_string(cell.thrown) + " of " + name(static_cast<CellId>(i)) + " was never seen by anybody");
  }
  for (const Direct& direct : direct_)
    if (direct.reports == 0)
      violation("error #" + std::to_string(direct.error) + " of a " + direct.where + " was never reported");
}

}  // namespace heed::stress

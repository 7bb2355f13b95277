#include "stress/oracle.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace heed::stress {

// --- the life of frames and cells --------------------------------------------------------------------------------

ErrorId Oracle::new_error(ErrorKind kind) {
  raised_.push_back({kind});
  ErrorId id = static_cast<ErrorId>(raised_.size());
  if (tracing_) trace("error #" + std::to_string(id) + " is made, " + to_string(kind));
  return id;
}

FrameId Oracle::new_frame(CellId root_of) {
  FrameId id = static_cast<FrameId>(frames_.size());
  frames_.emplace_back().root_of = root_of;
  if (root_of != nobody) cells_[root_of].root = id;
  return id;
}

CellId Oracle::new_cell(CellKind kind) {
  CellId id = static_cast<CellId>(cells_.size());
  Cell& cell = cells_.emplace_back();
  cell.kind = kind;
  cell.loop = loop_;
  return id;
}

std::string Oracle::name(CellId cell) const {
  if (cell == nobody) return "somebody";
  static const char* const kinds[] = {"task ", "future ", "gather ", "shield "};
  return kinds[static_cast<int>(cells_[cell].kind)] + std::to_string(cell);
}

void Oracle::frame_began(FrameId id) {
  Frame& frame = frames_[id];
  if (frame.state != FrameState::created) violation("frame " + std::to_string(id) + " began twice");
  frame.state = FrameState::running;
  frame.alive = true;
  if (tracing_)
    trace("frame " + std::to_string(id) + " begins" +
          (frame.root_of != nobody ? ", root of " + name(frame.root_of) : ""));
}

void Oracle::frame_throws(FrameId id, Thrown thrown) {
  Frame& frame = frames_[id];
  frame.state = FrameState::threw;
  frame.thrown = thrown;
  if (tracing_) trace("frame " + std::to_string(id) + " throws " + to_string(thrown));
}

void Oracle::frame_gone(FrameId id, bool closing, bool may_be_cancelled) {
  Frame& frame = frames_[id];
  if (!frame.alive) violation("frame " + std::to_string(id) + " was destroyed twice");
  frame.alive = false;
  if (tracing_) trace("frame " + std::to_string(id) + " is gone");
  if (!closing && frame.handles) violation("frame " + std::to_string(id) + " was not asked to handle an exception");
  if (closing) {
    frame.source = {};
    if (frame.root_of != nobody) cells_[frame.root_of].abandoned = true;
  } else if (frame.root_of != nobody) {
    root_gone(frame.root_of, id, may_be_cancelled);
  }
}

void Oracle::resumed(FrameId id) {
  Source source = std::exchange(frames_[id].source, Source());
  if (source.kind == Source::Kind::frame && frames_[source.index].state != FrameState::returned)
    violation("frame " + std::to_string(id) + " goes on, but frame " + std::to_string(source.index) +
              " that it awaited did not return");
}

// The root frame of a task is destroyed and did not say what happened: what can be concluded?
void Oracle::root_gone(CellId id, FrameId root, bool may_be_cancelled) {
  Source source = Source::frame(root);
  while (source.kind == Source::Kind::frame) {
    Frame& frame = frames_[source.index];
    if (frame.state == FrameState::returned) return;
    if (frame.state == FrameState::threw) {
      frame.landed = true;
      if (frame.thrown.cancellation) {
        cells_[id].state = CellState::cancelled;
      } else {
        fail(id, frame.thrown);
        cells_[id].failed_at = ++failed_;
        last_failed_ = id;
      }
      return;
    }
    source = frame.source;
  }
  // It ended with what that future or task held, or it was cancelled while it waited for it.
  if (source.kind != Source::Kind::cell) return;
  const Cell& awaited = cells_[source.index];
  cancellation_left(source.index);
  cells_[id].unresolved = true;
  if (may_be_cancelled || awaited.state != CellState::failed || awaited.thrown.cancellation) return;
  delivered(source.index, awaited.thrown);
  fail(id, awaited.thrown);
  cells_[id].has_cause = true;
}

// A CancelledError that somebody put into a future, or a gather took from a child, is a failure; in the task that it
// leaves it is none any more, and so nobody can tell later that it was delivered.
void Oracle::cancellation_left(CellId id) {
  Cell& cell = cells_[id];
  if (cell.state == CellState::failed && cell.thrown.cancellation) cell.perhaps_seen = true;
  if (!of_others(cell.kind)) return;
  for (CellId child : cell.children)
    if (child != nobody) cancellation_left(child);
}

void Oracle::fail(CellId id, Thrown thrown) {
  Cell& cell = cells_[id];
  if (cell.state == CellState::failed) violation(name(id) + " failed twice");
  cell.state = CellState::failed;
  cell.thrown = thrown;
  cell.guessed = guessing_ != 0;
  if (tracing_) trace(name(id) + " failed with " + to_string(thrown));
}

// --- from a sighting back to the throw ---------------------------------------------------------------------------

bool Oracle::landed(Source source, Thrown thrown) {
  while (source.kind == Source::Kind::frame) {
    Frame& frame = frames_[source.index];
    if (frame.state == FrameState::returned) return false;
    if (frame.state == FrameState::threw) {
      frame.landed = true;
      return frame.thrown == thrown;
    }
    source = frame.source;
  }
  if (source.kind == Source::Kind::cell) return delivered(source.index, thrown);
  return thrown == Thrown{0, true};
}

bool Oracle::delivered(CellId id, Thrown thrown) {
  Cell& cell = cells_[id];
  if (thrown.cancellation && thrown.id == 0) {
    // Of the task that waits, or of what it waits for: only a gather that was reported is known to have failed so.
    if (cell.state != CellState::failed || cell.thrown != thrown) return true;
  } else if (!establish(id, thrown)) {
    return false;
  }
  if (!cell.delivered && cell.in_report != 0) cell.read_in_report = true;
  // This one, or that of the task that waits; or another one that ended with the same.
  if ((thrown.cancellation && Thrown::cancellations_are_alike) || guessing_ != 0) {
    cell.perhaps_seen = true;
    return true;
  }
  cell.delivered = true;
  cell.guessed = false;
  if (tracing_) trace(to_string(thrown) + " was delivered by " + name(id));
  return true;
}

// Did this cell end with `thrown`?
bool Oracle::establish(CellId id, Thrown thrown) {
  if (cells_[id].state == CellState::failed) return cells_[id].thrown == thrown;
  if (cells_[id].kind == CellKind::future || cells_[id].exploring) return false;
  cells_[id].exploring = true;  // tasks may await each other in a circle
  bool established = explore(id, thrown);
  cells_[id].exploring = false;
  return established;
}

bool Oracle::explore(CellId id, Thrown thrown) {
  if (cells_[id].kind == CellKind::task) {
    FrameId root = cells_[id].root;
    if (root == nobody || frames_[root].alive || !landed(Source::frame(root), thrown)) return false;
    if (thrown.cancellation) {
      cells_[id].state = CellState::cancelled;  // a CancelledError that was thrown by hand
    } else {
      fail(id, thrown);
    }
    return true;
  }
  if (cells_[id].returns_exceptions) return false;
  if (cells_[id].cancels_rest) return explore_rest(id, thrown);
  if (cells_[id].kind == CellKind::shield) {
    CellId inner = cells_[id].children[0];
    if (!establish(inner, thrown)) return false;
    cells_[inner].consumed = true;
    if (!thrown.cancellation) fail(id, thrown);
    return true;
  }
  // One child has given it the failure: which is clear when only one can have failed so.
  std::vector<CellId> known, unclear;
  for (CellId child : cells_[id].children) {
    if (child == nobody) continue;
    const Cell& cell = cells_[child];
    bool may_be_it = cell.reports == 0 || cell.read_in_report || cell.taken;
    if (cell.state == CellState::failed && cell.thrown == thrown && may_be_it) {
      known.push_back(child);
    } else if (cell.state == CellState::cancelled
                   ? thrown.cancellation
                   : cell.state == CellState::open && (cell.unresolved || of_others(cell.kind))) {
      unclear.push_back(child);
    }
  }
  if (known.size() == 1 && unclear.empty()) {
    cells_[known[0]].consumed = true;
  } else {
    if (known.empty()) {
      ++guessing_;
      auto guess = std::find_if(unclear.begin(), unclear.end(), [&](CellId child) { return establish(child, thrown); });
      --guessing_;
      if (guess == unclear.end()) return false;
      cells_[*guess].guessed = true;
    }
    for (CellId child : known) perhaps_seen(child);
    for (CellId child : unclear) perhaps_seen(child);
  }
  if (!thrown.cancellation) fail(id, thrown);
  return true;
}

// This cell, and all those that it can have its failure from.
void Oracle::perhaps_seen(CellId id) {
  Cell& cell = cells_[id];
  if (std::exchange(cell.perhaps_seen, true)) return;
  if (of_others(cell.kind)) {
    for (CellId child : cell.children)
      if (child != nobody) perhaps_seen(child);
  } else if (cell.root != nobody) {
    Source source = Source::frame(cell.root);
    while (source.kind == Source::Kind::frame) source = frames_[source.index].source;
    if (source.kind == Source::Kind::cell) perhaps_seen(source.index);
  }
}

void Oracle::caught(Source source, Thrown thrown) {
  for (Source at = source; at.kind == Source::Kind::frame; at = frames_[at.index].source)
    frames_[at.index].passed_over = true;
  if (tracing_) trace("caught " + to_string(thrown));
  if (!thrown.known()) return violation("user code got an exception of the library that nothing explains");
  if (!landed(source, thrown)) violation("user code got " + to_string(thrown) + ", which was not thrown there");
}

void Oracle::taken(CellId id) {
  if (id == nobody) return;
  Cell& cell = cells_[id];
  if (!cell.delivered && cell.in_report != 0) cell.read_in_report = true;
  cell.consumed = cell.taken = true;
}

CellId Oracle::behind(CellId id) const {
  while (id != nobody && cells_[id].kind == CellKind::shield && cells_[id].value_origin == 0)
    id = cells_[id].children[0];
  return id;
}

void Oracle::got_value(CellId id, std::uint32_t origin) {
  id = behind(id);
  if (id != nobody && cells_[id].value_origin != origin)
    violation(name(id) + " gave value " + std::to_string(origin) + " instead of " +
              std::to_string(cells_[id].value_origin));
}

CellId Oracle::child(CellId cell, std::size_t index) const {
  cell = behind(cell);
  if (cell == nobody || index >= cells_[cell].children.size()) return nobody;
  return cells_[cell].children[index];
}

bool Oracle::must_have_ended(CellId id) const {
  const Cell& cell = cells_[id];
  if (cell.kind == CellKind::future || cell.ended) return cell.ended;
  if (cell.kind == CellKind::task)
    return cell.root != nobody && frames_[cell.root].state != FrameState::created && !frames_[cell.root].alive;
  return std::all_of(cell.children.begin(), cell.children.end(),
                     [&](CellId child) { return child != nobody && must_have_ended(child); });
}

bool Oracle::is_interrupt(Thrown thrown) const {
  return thrown.id != 0 && thrown.id <= raised_.size() && raised_[thrown.id - 1].kind == ErrorKind::exit;
}

void Oracle::interrupt_seen(ErrorId error) { raised_[error - 1].interrupt_seen = true; }

void Oracle::violation(const std::string& text) {
  if (tracing_) trace("VIOLATION: " + text);
  if (violation_.empty()) violation_ = text;
}

void Oracle::trace(const std::string& text) const { std::printf("  %s\n", text.c_str()); }

}  // namespace heed::stress

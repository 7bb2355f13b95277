// What must be true of a program, kept apart from the library's own books.
//
// A *frame* is one run of a coroutine, a *cell* is what can hold a failure: a task, a future, a gather. The program
// notes each throw, each exception that it sees and where it came from, and each report. From that the oracle follows
// every failure from its throw, through frames that let it pass and cells that keep it, to those who were told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "heed/failure/ledger.hpp"
#include "stress/errors.hpp"

namespace heed::stress {

using FrameId = std::uint32_t;
using CellId = std::uint32_t;
inline constexpr std::uint32_t nobody = 0xffffffff;

// Where an exception can come from, as seen from the frame that waits.
struct Source {
  enum class Kind : std::uint8_t { none, turn, frame, cell };
  Kind kind = Kind::none;
  std::uint32_t index = nobody;

  static Source turn() noexcept { return {Kind::turn, nobody}; }
  static Source frame(FrameId id) noexcept { return {Kind::frame, id}; }
  static Source cell(CellId id) noexcept { return {Kind::cell, id}; }
};

enum class CellKind : std::uint8_t { task, future, gather, shield };

class Oracle {
 public:
  // --- what the program notes ----------------------------------------------------------------------------------
  ErrorId new_error(ErrorKind kind);
  FrameId new_frame(CellId root_of = nobody);
  CellId new_cell(CellKind kind);
  void bind_state(CellId cell, const void* state) { cells_[cell].address = state; }
  void bind_task(CellId cell, std::uint64_t task_id) { cells_[cell].task_id = task_id; }
  // Of a gather. One that returns exceptions does not fail with those of its children.
  void set_children(CellId cell, std::vector<CellId> children, bool returns_exceptions) {
    cells_[cell].children = std::move(children);
    cells_[cell].returns_exceptions = returns_exceptions;
  }

  void frame_began(FrameId frame);
  void frame_waits(FrameId frame, Source source) { frames_[frame].source = source; }
  void frame_returns(FrameId frame) { frames_[frame].state = FrameState::returned; }
  void frame_throws(FrameId frame, Thrown thrown);
  CellId root_of(FrameId frame) const { return frames_[frame].root_of; }
  // The result of this frame throws when it is moved.
  void set_blows(FrameId frame) { frames_[frame].blows = true; }
  bool blows(FrameId frame) const { return frames_[frame].blows; }
  bool frame_returned(FrameId frame) const { return frames_[frame].state == FrameState::returned; }
  // The frame is destroyed. `closing`: because its loop is; `may_be_cancelled`: somebody asked its task for that.
  void frame_gone(FrameId frame, bool closing, bool may_be_cancelled);
  // It has a handler for every exception of what it awaits now.
  void frame_handles(FrameId frame, bool handles) { frames_[frame].handles = handles; }
  bool passed_over(FrameId frame) const { return frame != nobody && frames_[frame].passed_over; }
  bool frame_alive(FrameId frame) const { return frames_[frame].alive; }
  bool frame_created(FrameId frame) const { return frames_[frame].state == FrameState::created; }
  // It waits for time to pass, or for its turn.
  bool frame_idles(FrameId frame) const {
    return frames_[frame].state == FrameState::running && frames_[frame].source.kind == Source::Kind::turn;
  }
  // It waits for something, and not for a coroutine that it called.
  bool frame_waits(FrameId frame) const {
    Source::Kind kind = frames_[frame].source.kind;
    return frames_[frame].state == FrameState::running && (kind == Source::Kind::turn || kind == Source::Kind::cell);
  }
  // The wait of `frame` ended without an exception.
  void resumed(FrameId frame);
  // User code caught `thrown`, which came from there.
  void caught(Source source, Thrown thrown);

  // A task failed, and it was not its body that threw.
  void task_failed(CellId cell, Thrown thrown) { fail(cell, thrown); }
  void future_failed(CellId cell, Thrown thrown) { fail(cell, thrown); }
  // A cancellation came, perhaps out of this cell.
  void perhaps_read(CellId cell) { perhaps_seen(cell); }
  // A gather took the failure of one that was done when it was made.
  void taken(CellId cell);
  // A value came out; `origin` is what set_value noted.
  void set_value(CellId cell, std::uint32_t origin) { cells_[cell].value_origin = origin; }
  void got_value(CellId cell, std::uint32_t origin);
  // A task group ended with these failures of its children. Whether there were any.
  bool group_merged(const std::vector<CellId>& children, const std::vector<Thrown>& members, bool ordered = true);
  void group_interrupted(const std::vector<CellId>& children, Thrown interrupt);
  // A gather that cancels the rest, and a group that one of them has raised.
  void set_cancels_rest(CellId cell, bool ordered);
  bool cancels_rest(CellId cell) const { return cells_[cell].cancels_rest; }
  void note_gather_group(ErrorId id, std::vector<Thrown> members) { gather_groups_[id] = std::move(members); }
  // This one has ended so.
  void note_end(CellId cell, Thrown thrown) { establish(cell, thrown); }
  // Those children of such gathers of this loop that must have been asked to end.
  std::vector<CellId> rests() const;
  // A failure went on as the cause of another one.
  void replaced() { replaced_.push_back(loop_); }
  CellId child(CellId cell, std::size_t index) const;
  // A future that is done; a gather whose cancellation was accepted.
  void note_ended(CellId cell) { cells_[cell].ended = true; }
  void note_cancel_accepted(CellId cell) { cells_[cell].cancel_accepted = true; }
  // A value came out.
  void note_value(CellId cell) {
    if (cells_[cell].cancel_accepted) violation(name(cell) + " was cancelled and has a value");
  }
  // What a shield shields.
  CellId child_of(CellId cell) const { return cells_[cell].children.empty() ? nobody : cells_[cell].children[0]; }
  bool must_have_ended(CellId cell) const;
  // A task that began and has not ended.
  bool runs_or_waits(CellId cell) const { return cells_[cell].root != nobody && frames_[cells_[cell].root].alive; }
  FrameId root(CellId cell) const { return cells_[cell].root; }
  CellKind kind(CellId cell) const { return cells_[cell].kind; }
  const std::vector<CellId>& children(CellId cell) const { return cells_[cell].children; }
  void note_uncancel(CellId cell) { cells_[cell].uncancelled = true; }
  bool uncancelled(CellId cell) const { return cells_[cell].uncancelled; }
  // It ended with a failure that another one had delivered to it, in the same step.
  bool has_cause(CellId cell) const { return cells_[cell].has_cause; }
  std::uint64_t task_id(CellId cell) const { return cells_[cell].task_id; }

  // A failure that is reported at once: of a callback, a destructor, an exception handler.
  void raised_directly(ErrorId error, const char* where);
  // ... and that one was reported.
  void raised_and_reported(ErrorId error, const char* where) { direct_.push_back({where, error, loop_, 1}); }
  bool is_interrupt(Thrown thrown) const;
  // An interrupt came out of the loop.
  void interrupt_seen(ErrorId error);

  CellId cell_of_task(std::uint64_t task_id) const;
  CellId cell_of_state(const void* state) const;
  // A report that does not say whose it is.
  CellId unread_cell_with(Thrown thrown, CellKind kind);
  void reported(CellId cell, Thrown thrown, bool provisional);
  void reported_directly(Thrown thrown);
  // `late`: by a runner that does not wait any longer; it may end after that.
  void reported_pending(CellId cell, bool late);
  void report_ended(CellId cell) { --cells_[cell].in_report; }

  // --- what is checked -----------------------------------------------------------------------------------------
  void begin_loop() { ++loop_; }
  unsigned loop() const noexcept { return loop_; }
  unsigned loop_of(CellId cell) const { return cells_[cell].loop; }
  // At any time.
  void check_books(const Ledger& books);
  // After each iteration.
  void check_lists(const Ledger& books);
  // The current loop is closed.
  void check_closed(const Ledger& books);
  // Nothing is left of the program.
  void check_over();

  void violation(const std::string& text);
  const std::string& first_violation() const noexcept { return violation_; }
  bool violated() const noexcept { return !violation_.empty(); }
  void trace_to_stdout(bool on) noexcept { tracing_ = on; }
  bool tracing() const noexcept { return tracing_; }
  void trace(const std::string& text) const;

 private:
  enum class FrameState : std::uint8_t { created, running, returned, threw };
  struct Frame {
    FrameState state = FrameState::created;
    bool alive = false;
    bool blows = false;
    bool handles = false;
    bool passed_over = false;  // by an exception: it waits for nothing any more, but is not destroyed yet
    bool landed = false;       // what it threw was seen by somebody, or is in a cell
    Thrown thrown;
    Source source;
    CellId root_of = nobody;
  };
  enum class CellState : std::uint8_t { open, failed, cancelled };
  struct Cell {
    CellKind kind = CellKind::task;
    CellState state = CellState::open;  // as far as it is known
    bool delivered = false;             // to user code
    bool consumed = false;              // a gather has taken the failure over
    bool taken = false;                 // ... when it was made, perhaps after the failure was reported
    bool merged = false;                // a group of failures has it
    bool was_live = false;              // ... and nobody had read it before
    bool perhaps_live = false;
    bool perhaps_seen = false;  // one of these, or it was another cell with the same exception
    bool unresolved = false;    // a task that ended with what it awaited, or was cancelled
    bool has_cause = false;
    bool guessed = false;  // that it failed explains what a gather ended with, and nothing else says so
    bool returns_exceptions = false;
    bool cancels_rest = false;
    bool ordered = false;    // ... and its children ended after it was made
    bool exploring = false;  // establish() is on its way through it
    bool read_in_report = false;
    bool uncancelled = false;
    bool ended = false;
    bool cancel_accepted = false;
    bool late = false;       // reported as pending by a runner, and may have ended since
    bool abandoned = false;  // a task that was suspended when its loop closed
    unsigned failed_at = 0;  // how many had failed before; 0: not known
    int in_report = 0;
    int reports = 0;
    int provisional = 0;
    int pending_reports = 0;
    unsigned loop = 0;
    Thrown thrown;
    std::uint32_t value_origin = 0;
    FrameId root = nobody;
    std::uint64_t task_id = 0;
    const void* address = nullptr;
    std::vector<CellId> children;
  };
  struct Direct {
    const char* where;
    ErrorId error;
    unsigned loop;
    int reports = 0;
  };
  struct Raised {
    ErrorKind kind;
    bool interrupt_seen = false;
  };

  bool landed(Source source, Thrown thrown);
  bool delivered(CellId cell, Thrown thrown);
  bool establish(CellId cell, Thrown thrown);
  bool explore(CellId cell, Thrown thrown);
  void cancellation_left(CellId cell);
  void perhaps_seen(CellId cell);
  void merge(CellId cell);
  bool explore_rest(CellId cell, Thrown thrown);
  bool members_fit(const std::vector<CellId>& children, const std::vector<Thrown>& members);
  // What stands behind shields.
  CellId behind(CellId cell) const;
  bool of_others(CellKind kind) const { return kind == CellKind::gather || kind == CellKind::shield; }
  void fail(CellId cell, Thrown thrown);
  void root_gone(CellId cell, FrameId frame, bool may_be_cancelled);
  std::string name(CellId cell) const;

  std::vector<Frame> frames_;
  std::vector<Cell> cells_;
  std::vector<Direct> direct_;
  std::vector<Raised> raised_;
  std::map<ErrorId, std::vector<Thrown>> gather_groups_;
  std::map<CellId, std::vector<CellId>> rest_children_;  // of those that cancel the rest, each once
  std::vector<unsigned> replaced_;                       // the loop of each
  unsigned loop_ = 0;
  unsigned failed_ = 0;
  CellId last_failed_ = nobody;  // the last of those
  int guessing_ = 0;             // on its way through cells that may have failed so
  bool tracing_ = false;
  std::string violation_;
};

}  // namespace heed::stress

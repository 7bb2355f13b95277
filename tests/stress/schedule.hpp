// When things have to happen: the order of callbacks and timers, who has to go on before the loop sleeps, and who has to
// be cancelled. Like the oracle, it knows nothing of the loop but what the program did and saw.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "heed/core/future_state.hpp"
#include "stress/oracle.hpp"
#include "stress/scopes.hpp"
#include "stress/virtual_loop.hpp"

namespace heed::stress {

enum class Queue : std::uint8_t { soon, threadsafe, later, done };

class Schedule {
 public:
  using CallId = std::uint32_t;
  Schedule(Oracle& oracle, const VirtualClock& clock, Scopes& scopes)
      : oracle_(oracle), clock_(clock), scopes_(scopes) {}
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  void begin_loop() {
    runs_alone_ = false;
    due_.clear();
    asked_themselves_.clear();
    must_begin_.clear();
    all_seen_ = true;
  }
  void begin_iteration() { ++iteration_, runs_alone_ = true; }

  // A handler is told, perhaps before the callbacks of the iteration run.
  void report_begins() { ++reports_; }
  void report_ends() { --reports_; }

  // --- callbacks -------------------------------------------------------------------------------------------------
  // `certain`: it runs while the loop runs, unless it is taken back.
  CallId new_call(Queue queue, CellId about, TimePoint due, bool certain);
  void call_copied(CallId id) { ++calls_[id].copies; }
  void call_destroyed(CallId id, bool loop_runs);
  void call_runs(CallId id);
  void call_ran(CallId id) { calls_[id].over = true; }
  void taken_back(CallId id);
  // All callbacks of this number about this one.
  void taken_back_equal(CellId about, unsigned callback);
  void name_callback(CallId id, unsigned callback) { calls_[id].callback = callback; }
  // Its handle is looked at: the captures must be gone when it ran.
  void check_captures(CallId id);

  // --- waiting ---------------------------------------------------------------------------------------------------
  void add_deadline(TimePoint due, FrameId of = nobody) { deadlines_.insert({due, of}); }
  void remove_deadline(TimePoint due, FrameId of = nobody) { deadlines_.erase(deadlines_.find({due, of})); }
  // Somebody who is suspended while the loop sleeps waits for this.
  struct Wait {
    FrameId frame = nobody;
    const detail::FutureState* future = nullptr;  // null: for its turn, which comes before the loop sleeps
    CellId cell = nobody;
    const std::vector<AnyFuture>* futures = nullptr;  // of wait()
    int when = 0;
    bool sleeps = false;
    std::uint64_t task = 0;
    TimePoint since{};
    // Of one that knows itself when it has to go on, and may have a timer: what is wrong when the loop sleeps so long.
    std::function<const char*(Duration)> overdue{};
  };
  void add_wait(Wait& wait) {
    wait.since = clock_.time();
    waits_.insert(&wait);
  }
  void remove_wait(const Wait& wait) { waits_.erase(&wait); }
  static bool satisfied(const std::vector<AnyFuture>& futures, int when);
  // The loop is about to sleep. `forever`: nothing but another thread would wake it.
  void loop_sleeps(Duration timeout, bool needs_no_timer);

  // --- cancellation ----------------------------------------------------------------------------------------------
  // The next step of this task gets a CancelledError. `ready`: it was not woken by the request.
  void cancel_due(std::uint64_t task, bool begun, bool ready);
  void cancel_came(std::uint64_t task) { due_.erase(task); }
  void resumed(std::uint64_t task);
  void withdrawn(std::uint64_t task, int left);
  // The running task asked itself: what it waits for next is cancelled.
  void asked_itself(std::uint64_t task) {
    asked_themselves_.insert(task);
    all_seen_ = false;
  }
  void wait_over(std::uint64_t task) { asked_themselves_.erase(task); }
  void began(std::uint64_t task) { must_begin_.erase(task); }
  // A request may go where this cannot see it.
  void cancel_unseen() { all_seen_ = false; }
  // A task that waited for its turn or for time got a CancelledError.
  void cancelled_while_idle(std::uint64_t task, int requests);

 private:
  struct Call {
    Queue queue;
    CellId about;
    TimePoint due;
    unsigned iteration;
    bool certain;
    bool ran = false, over = false, taken_back = false;
    int copies = 0;
    unsigned callback = 0;
    bool waits() const noexcept { return queue == Queue::later && !ran && !taken_back && copies != 0; }
  };
  struct Due {
    unsigned requests = 0;
    bool begun = false;
    bool ready = true;
  };
  struct Requests {
    int withdrawn = 0;
    int taken_back = 0;
    int delivered = 0;
  };

  Oracle& oracle_;
  const VirtualClock& clock_;
  Scopes& scopes_;
  std::vector<Call> calls_;
  std::map<CellId, CallId> last_about_;
  CallId last_soon_ = 0, last_threadsafe_ = 0, last_later_ = nobody;
  unsigned iteration_ = 0;
  unsigned reports_ = 0;
  bool runs_alone_ = false;  // each iteration is a run of its own
  std::multiset<std::pair<TimePoint, FrameId>> deadlines_;
  std::set<const Wait*> waits_;
  std::map<std::uint64_t, Due> due_;
  std::map<std::uint64_t, Requests> requests_;
  std::set<std::uint64_t> asked_themselves_;
  std::set<std::uint64_t> must_begin_;  // not begun, and each request was withdrawn
  bool all_seen_ = true;
};

// Held by whoever waits.
class Waiting {
 public:
  Waiting(Schedule& schedule, Schedule::Wait wait) : schedule_(schedule), wait_(wait) { schedule_.add_wait(wait_); }
  Waiting(Schedule& schedule, FrameId frame) : Waiting(schedule, Schedule::Wait{frame}) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { schedule_.remove_wait(wait_); }

 private:
  Schedule& schedule_;
  Schedule::Wait wait_;
};

class Deadline {
 public:
  Deadline(Schedule& schedule, FrameId frame, TimePoint due, bool wanted)
      : schedule_(schedule), frame_(frame), due_(due), wanted_(wanted) {
    if (wanted_) schedule_.add_deadline(due_, frame_);
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() {
    if (wanted_) schedule_.remove_deadline(due_, frame_);
  }

 private:
  Schedule& schedule_;
  FrameId frame_;
  TimePoint due_;
  bool wanted_;
};

}  // namespace heed::stress

// Locals of the coroutines of random programs.
#pragma once

#include <cstdint>
#include <exception>
#include <set>

#include "stress/world.hpp"

namespace heed::stress {

// Tells the oracle of the life of a frame; the first local of every coroutine.
class FrameGuard {
 public:
  FrameGuard(World& world, FrameId frame, CellId root_of = nobody) : world_(world), frame_(frame), root_of_(root_of) {
    coverage.count(Happened::frames);
    world.oracle.frame_began(frame);
    if (root_of == nobody) return;
    world.oracle.bind_task(root_of, current_task().id());
    world.schedule.began(current_task().id());
    world.scopes.task_begins(current_task().id(), root_of);
    if (current_task().cancelling() > 0) world.oracle.violation("a task began that was cancelled before");
  }
  FrameGuard(const FrameGuard&) = delete;
  FrameGuard& operator=(const FrameGuard&) = delete;
  ~FrameGuard() {
    // A loop that does not run destroys frames because it closes.
    bool closing = !world_.running();
    if (!closing && !world_.oracle.frame_returned(frame_)) {
      if (world_.oracle.frame_idles(frame_)) world_.cancelled_while_idle();
      if (world_.oracle.frame_waits(frame_)) world_.scopes.told(current_task().id());
      world_.not_resumed();
    }
    bool may_be_cancelled = root_of_ != nobody && !closing &&
                            (current_task().cancelling() > 0 || world_.oracle.uncancelled(root_of_) ||
                             world_.scopes.in_cancelled_region(current_task().id()));
    world_.oracle.frame_gone(frame_, closing, may_be_cancelled);
  }

 private:
  World& world_;
  FrameId frame_;
  CellId root_of_;
};

// A destructor that throws: when the coroutine returns, and when its suspended frame is destroyed; never during the
// unwinding for another exception, which would end the process.
class Bomb {
 public:
  Bomb(World& world, FrameId frame, bool armed) : world_(world), frame_(frame), armed_(armed) {}
  Bomb(const Bomb&) = delete;
  Bomb& operator=(const Bomb&) = delete;
  ~Bomb() noexcept(false) {
    if (!armed_ || std::uncaught_exceptions() != 0) return;
    ErrorKind kind = ErrorKind::custom;
    ErrorId id = world_.new_error(kind);
    if (world_.oracle.frame_returned(frame_)) {
      coverage.count(Happened::destructor_threw_at_return);
      world_.oracle.frame_throws(frame_, Thrown{id, false});
    } else {
      coverage.count(Happened::destructor_threw_when_destroyed);
      world_.oracle.raised_directly(id, "destructor");
    }
    throw_error(kind, id);
  }

 private:
  World& world_;
  FrameId frame_;
  bool armed_;
};

// An action in a destructor.
class AtExit {
 public:
  AtExit(World& world, Index action) : world_(world), action_(action) {}
  AtExit(const AtExit&) = delete;
  AtExit& operator=(const AtExit&) = delete;
  ~AtExit() { world_.act(action_); }

 private:
  World& world_;
  Index action_;
};

// A task is among those who wait, as long as it does.
class WaitsFor {
 public:
  WaitsFor(std::multiset<std::uint64_t>& waiting, std::uint64_t who) : waiting_(waiting), place_(waiting.insert(who)) {}
  WaitsFor(const WaitsFor&) = delete;
  WaitsFor& operator=(const WaitsFor&) = delete;
  ~WaitsFor() { waiting_.erase(place_); }

 private:
  std::multiset<std::uint64_t>& waiting_;
  std::multiset<std::uint64_t>::iterator place_;
};

}  // namespace heed::stress

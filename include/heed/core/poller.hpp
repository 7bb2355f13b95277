// What the loop sleeps on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "heed/core/clock.hpp"

namespace heed {

// A set of readiness conditions of a descriptor.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hangup = false;  // the peer is gone or the descriptor has an error: reading and writing will tell

  bool any() const noexcept { return readable || writable || hangup; }
};

struct PollEvent {
  int fd;
  Readiness ready;
};

// How a descriptor is watched.
struct Watch {
  bool readable = false;
  bool writable = false;
  bool edge = false;  // report changes only, once each

  bool any() const noexcept { return readable || writable; }
  friend bool operator==(const Watch&, const Watch&) = default;
};

// Belongs to one loop. All functions but wake() are called on the loop's thread.
class Poller {
 public:
  virtual ~Poller() = default;

  // Begins, changes, or (with neither direction) ends watching. Throws std::system_error naming the descriptor when
  // it is not open or cannot be watched.
  virtual void watch(int fd, Watch what) = 0;

  // Stops watching a descriptor that may be closed already.
  virtual void forget(int fd) noexcept = 0;

  // Sleeps until something is ready, wake() is called or `timeout` is over, and returns how many events it wrote.
  // `timeout` of zero: look only. Duration::max(): no limit. May return early.
  virtual std::size_t wait(Duration timeout, std::span<PollEvent> events) = 0;

  // Ends a wait() that is going on, or the next one. Any thread, any number of times, also in a signal handler.
  virtual void wake() noexcept = 0;
};

}  // namespace heed

// What the steps of cleanup_steps.cpp, generator_steps.cpp and race_steps.cpp know about themselves.
#pragma once

#include <optional>
#include <vector>

#include "heed/flow/async_generator.hpp"
#include "stress/scopes.hpp"
#include "stress/value.hpp"

namespace heed::stress {

// Of finally(), with() and on_error(): a body, and what runs after it.
struct Cleaning {
  explicit Cleaning(Oracle& owner) : oracle(owner) {}
  Cleaning(const Cleaning&) = delete;
  Cleaning& operator=(const Cleaning&) = delete;
  ~Cleaning() {
    if (plain && begun && runs != 1) oracle.violation("a plain cleanup did not run, or twice");
    if (runs > 1) oracle.violation("a cleanup or a handler ran twice");
    if (!over && runs == 1 && body.failed() && reported == 0)
      oracle.violation("a failure vanished with the coroutine that cleaned up after it");
  }

  Oracle& oracle;
  bool plain = false;    // the cleanup, which then runs also when the coroutine is destroyed
  bool begun = false;    // the body: from now on the cleanup has to run
  bool handles = false;  // on_error(): only when the body failed
  bool over = false;     // the step goes on
  int runs = 0;          // of the cleanup, or the handler
  int handler = -1;      // which one
  int reported = 0;      // the body's failure, because somebody else's end took its place
  FrameId body_frame = nobody, cleanup_frame = nobody, acquire_frame = nobody;
  ScopeEnd body, cleanup, acquire;
  std::uint32_t value = 0;  // of the handler
};

using GeneratorId = std::uint32_t;

// A generator, in the order in which they were made.
struct Generated {
  AsyncGenerator<Value> object;
  FrameId frame = nobody;
  unsigned loop = 0;
  unsigned begun_at = 0;          // how many began before, and this; 0: not begun
  std::uint32_t first_value = 0;  // they are numbered from there
  unsigned given = 0, taken = 0;
  int cleanups = 0;
  bool ignores_exit = false;
  bool at_yield = false;
  bool ended = false;
  bool dropped = false;        // while it ran
  bool stepped = false;        // somebody awaits next() or aclose()
  bool idle_at_close = false;  // open, and nobody asked it, when the runner was closed; and nobody has since
  bool kept = false;           // left open
  bool shut_down = false;      // shutdown_asyncgens() has asked it to end
  bool closing = false;        // ... and it has not ended
  bool told_ignored = false;   // it was reported that it ignored that
  bool runs() const noexcept { return stepped || closing; }
  bool open_in(unsigned current) const noexcept { return begun_at != 0 && !ended && loop == current; }
};

}  // namespace heed::stress

// The seam to the operating system: what a port has to provide. Defined in src/io/ for Linux.
#pragma once

#include <memory>

#include "heed/core/clock.hpp"
#include "heed/core/poller.hpp"

namespace heed::platform {

std::unique_ptr<Poller> make_poller();
// Shared by all loops.
Clock& steady_clock() noexcept;
bool stderr_shows_colour() noexcept;

// Takes over SIGINT while it lives. Makes nothing happen by itself: `interrupts()` counts, and each signal wakes the
// poller. Only in the main thread and only when SIGINT has its default action (as asyncio's Runner); else null.
// From the third unanswered signal on, the default action is back: a program that is stuck can be killed.
class InterruptWatch {
 public:
  virtual ~InterruptWatch() = default;
  virtual unsigned interrupts() const noexcept = 0;
};
std::unique_ptr<InterruptWatch> watch_interrupts(Poller& wake);

}  // namespace heed::platform

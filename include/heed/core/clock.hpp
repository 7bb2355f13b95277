// The loop's clock.
#pragma once

#include <chrono>

namespace heed {

// Points in time of a loop are std::chrono::steady_clock's, whoever makes them: real or simulated.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// Never goes backwards. One implementation reads the system, others are driven by tests and by simulation.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() noexcept = 0;
};

}  // namespace heed

// Clock and terminal of a POSIX system.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "heed/core/platform.hpp"

namespace heed::platform {

namespace {
class SystemClock final : public Clock {
 public:
  TimePoint now() noexcept override { return std::chrono::steady_clock::now(); }
};
}  // namespace

Clock& steady_clock() noexcept {
  static SystemClock clock;
  return clock;
}

bool stderr_shows_colour() noexcept { return ::isatty(STDERR_FILENO) == 1 && !std::getenv("NO_COLOR"); }

}  // namespace heed::platform

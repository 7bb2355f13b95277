// Memory that runs out on command: operator new of the whole program.
#pragma once

#include <cstddef>

namespace heed::test {

// While one lives, the n-th allocation (1, 2, 3 ...) throws std::bad_alloc or, when it was asked for with std::nothrow,
// gives null; with `for_good` so do all that follow.
class FailingMemory {
 public:
  FailingMemory(std::size_t n, bool for_good) noexcept;
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;

  // Whether it came to that.
  static bool failed() noexcept;
};

// How many blocks are allocated. Those of `uncounted_size`, which a cache keeps for ever, do not count.
inline constexpr std::size_t uncounted_size = 16 * 1024;
long live_blocks() noexcept;

}  // namespace heed::test

// Timers whose allocations fail.
#pragma once

#include <cstddef>

namespace heed::test {

// Many timers are set and expire; the n-th allocation fails, with `for_good` all after it. Null, or what went wrong.
const char* run_timers(std::size_t n, bool for_good) noexcept;

}  // namespace heed::test

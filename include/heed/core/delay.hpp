// Delays that users give.
#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <ratio>
#include <stdexcept>
#include <utility>

#include "heed/core/clock.hpp"

namespace heed {

// A delay of any duration type as the loop's. Throws std::invalid_argument for a NaN; what is too long for the clock
// means never.
template <class Rep, class Period>
Duration to_delay(std::chrono::duration<Rep, Period> delay) {
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    if (std::isnan(delay.count())) throw std::invalid_argument("Invalid delay: NaN (not a number)");
  }
  constexpr Duration never = Duration::max() / 2;  // leaves room for the time that the clock shows
  using InTicks = std::ratio_divide<Period, Duration::period>;
  if constexpr (std::integral<Rep> && InTicks::den == 1) {
    constexpr Duration::rep most = never.count() / InTicks::num;
    if (std::cmp_greater_equal(delay.count(), most)) return never;
    if (std::cmp_less_equal(delay.count(), -most)) return -never;
    return Duration(static_cast<Duration::rep>(delay.count()) * InTicks::num);
  }
  using Seconds = std::chrono::duration<long double>;
  if (Seconds(delay) >= Seconds(never)) return never;
  if (Seconds(delay) <= -Seconds(never)) return -never;
  return std::chrono::duration_cast<Duration>(delay);
}

}  // namespace heed

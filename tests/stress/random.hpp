// Numbers that a seed determines, the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heed::stress {

// splitmix64: a counter and a mixing function.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // 0 .. limit - 1
  unsigned below(std::size_t limit) noexcept { return static_cast<unsigned>((next() >> 32) * limit >> 32); }
  unsigned between(unsigned low, unsigned high) noexcept { return low + below(high - low + 1u); }
  bool percent(unsigned chance) noexcept { return below(100) < chance; }

  template <class T, std::size_t N>
  const T& pick(const T (&choices)[N]) noexcept {
    return choices[below(N)];
  }

 private:
  std::uint64_t state_;
};

}  // namespace heed::stress

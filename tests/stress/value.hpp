// What the coroutines of random programs return.
#pragma once

#include <cstdint>
#include <utility>

namespace heed::stress {

// Knows who made it, how many there are, and its own address: one that was lost, destroyed twice or copied bit by bit is
// noticed.
class Value {
 public:
  explicit Value(std::uint32_t origin) noexcept : origin_(origin), self_(this) { ++live; }
  Value(const Value& other) noexcept : Value(other.origin()) {}
  // With a fuse the move after so many throws what `when_blown` throws.
  Value(std::uint32_t origin, unsigned moves) noexcept : Value(origin) { fuse_ = moves; }
  Value(Value&& other) : Value(other.burn()) {
    fuse_ = other.fuse_;
    other.origin_ = 0;
  }
  Value& operator=(const Value& other) noexcept {
    check();
    origin_ = other.origin();
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    check();
    origin_ = std::exchange(other.origin_, 0);
    fuse_ = 0;
    return *this;
  }
  ~Value() {
    check();
    self_ = nullptr;
    --live;
    if (when_destroyed) when_destroyed();
  }

  std::uint32_t origin() const noexcept {  // 0 once it was moved from
    check();
    return origin_;
  }

  static inline void (*when_destroyed)() = nullptr;
  static inline void (*when_blown)(std::uint32_t origin) = nullptr;
  static inline long live = 0;
  static inline long broken = 0;  // how often a check failed

 private:
  void check() const noexcept {
    if (self_ != this) ++broken;
  }
  std::uint32_t burn() {
    check();
    if (fuse_ != 0 && --fuse_ == 0) when_blown(origin_);
    return origin_;
  }
  std::uint32_t origin_;
  unsigned fuse_ = 0;
  const Value* self_;
};

// A parameter of every coroutine and a capture of every callback: counts those that exist.
using Token = Value;

}  // namespace heed::stress

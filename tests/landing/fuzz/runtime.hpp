// What generated programs use.
#pragma once

#include "heed/core/task.hpp"
#include "landing/case.hpp"

namespace heed::landing::fuzz {

// The decisions of a run, and how much it may still do.
inline thread_local std::uint64_t state = 1;
inline thread_local int steps = 0;

inline void begin_run(std::uint64_t seed) {
  state = seed * 0x9e3779b97f4a7c15u + 1;
  steps = 150;
  note("|");
}
inline bool one_in(unsigned n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 11) % n == 0;
}
// False when it is time to end.
inline bool step() { return --steps > 0; }

struct Noted {
  int id;
  explicit Noted(int id) : id(id) {}
  Noted(const Noted& other) : id(other.id) { note("copy", id); }
  Noted& operator=(const Noted&) = delete;
  ~Noted() { note("gone", id, "/", std::uncaught_exceptions()); }
};

// Throws in its destructor, and catches it there.
struct Busy {
  int id;
  explicit Busy(int id) : id(id) {}
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    try {
      Mark mark("b");
      if (id % 2) heed::detail::rethrow(std::make_exception_ptr(Noted(id)));
      throw Noted(id);
    } catch (const Noted& noted) {
      note("busy", noted.id, "/", std::uncaught_exceptions());
    }
  }
};

[[gnu::noinline]] inline void throw_again() { throw; }

inline int add(const Mark&, int a, int b, int c) { return a + b + c; }

}  // namespace heed::landing::fuzz

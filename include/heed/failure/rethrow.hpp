// Raising an exception again.
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#if (defined(__x86_64__) || defined(__AARCH64EL__)) && defined(__linux__) && defined(__GLIBCXX__) && defined(__LP64__)
#define HEED_CAN_LAND_DIRECTLY 1
#endif

namespace heed {

// Whether exceptions that an await raises are *landed directly*: handed to the landing pad of the coroutine without
// unwinding. `reason` says why not. The first call, or the first such exception, tries it out and compares.
// Thread-safe.
struct DirectLanding {
  bool on = false;
  std::string reason;  // empty when it is on
};
DirectLanding direct_landing();

namespace detail {

// Off, or as it was at the beginning. For comparisons; takes effect for all threads.
void allow_direct_landing(bool allowed) noexcept;
// How many exceptions this thread has landed directly.
std::uint64_t direct_landings() noexcept;

#ifdef HEED_CAN_LAND_DIRECTLY
// std::rethrow_exception() for who calls it: the address that it returns to says which landing pad is meant. Never to be
// called by its name: what an optimizer thinks of it is wrong.
extern "C" void heed_rethrow(const std::exception_ptr& exception);
#endif

// Raises the exception in the function that this is inlined into: to be called only where all that is between is inlined
// as well.
[[noreturn]] [[gnu::always_inline]] inline void rethrow(const std::exception_ptr& exception) {
#ifdef HEED_CAN_LAND_DIRECTLY
  void (*raise)(const std::exception_ptr&) = &heed_rethrow;
  asm("" : "+r"(raise));
  raise(exception);
  __builtin_unreachable();
#else
  std::rethrow_exception(exception);
#endif
}

}  // namespace detail
}  // namespace heed

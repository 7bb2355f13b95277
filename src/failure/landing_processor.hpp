// What direct landing has to know of the processor: heed_rethrow (heed/failure/rethrow.hpp), and when it is to stay out.
#pragma once

#include <unwind.h>

#include <cstdint>
#include <exception>

#ifdef __aarch64__
#include <sys/auxv.h>
#endif

namespace heed::detail {

// What heed_rethrow needs in two registers.
struct Destination {
  std::uintptr_t landing_pad;  // 0: there is none
  _Unwind_Exception* header;   // 36 bytes before it: the number of the handler
};

// Where an exception lands that is raised by a call which returns to `return_address`. Called by heed_rethrow.
extern "C" [[gnu::used, gnu::visibility("hidden")]] Destination heed_find_landing(const std::exception_ptr& exception,
                                                                                  std::uintptr_t return_address);

// A shadow stack would still hold the return address of a call that never returns.
bool has_shadow_stack() noexcept;

// Whether this processor is in a state that the unwinder would end.
#ifdef __aarch64__
inline bool must_unwind() noexcept {
  constexpr unsigned long scalable_matrices = 1ul << 23;  // HWCAP2_SME
  if (!(::getauxval(AT_HWCAP2) & scalable_matrices)) return false;
  // Not null: the matrix register has contents of a function that called, perhaps of the one that has the landing pad.
  // That expects that the unwinder has saved them.
  std::uint64_t to_save;
  asm volatile("mrs %0, s3_3_c13_c0_5" : "=r"(to_save));  // tpidr2_el0
  return to_save != 0;
}
#else
constexpr bool must_unwind() noexcept { return false; }
#endif

}  // namespace heed::detail

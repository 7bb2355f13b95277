#include "heed/failure/rethrow.hpp"

#ifdef HEED_CAN_LAND_DIRECTLY

#include "failure/landing_processor.hpp"

namespace heed::detail {

// heed_rethrow asks heed_find_landing, with the address that it returns to. Then it leaves everything as it was at the
// call, but for the header and the number of the handler, and jumps to the landing pad. Where there is none, it jumps to
// std::rethrow_exception(). Nothing may be added to its body, and it is called by address only: optimizers that see it,
// as with -flto, take it for a function that does not throw.

// --- x86-64 ----------------------------------------------------------------------------------------------------------

#ifdef __x86_64__

#define HEED_STUB naked, noinline, no_instrument_function, no_sanitize("thread"), no_sanitize("address")

// %rdi: where the exception_ptr is, which is how a std::exception_ptr is passed by value too.
extern "C" __attribute__((HEED_STUB)) void heed_rethrow(const std::exception_ptr&) {
  asm(R"(
    movq (%rsp), %rsi
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    call heed_find_landing
    popq %rdi
    .cfi_adjust_cfa_offset -8
    testq %rax, %rax
    je 1f
    movq %rax, %rcx
    movq %rdx, %rax
    movslq -36(%rax), %rdx
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    jmp *%rcx
    .cfi_adjust_cfa_offset 8
1:
    jmp _ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE@PLT
  )");
}

bool has_shadow_stack() noexcept {
  std::uint64_t pointer = 0;
  asm volatile(".byte 0xf3, 0x48, 0x0f, 0x1e, 0xc8" : "+a"(pointer));  // rdsspq %rax: does nothing where there is none
  return pointer != 0;
}

#endif

// --- aarch64 ---------------------------------------------------------------------------------------------------------

#ifdef __aarch64__

// x0: where the exception_ptr is. x30: the address to return to, not signed. It never returns, so it need not sign it.
// Branch target identification wants the `bti c`, and allows that it jumps by `ret`, as unwinders do: not all compilers
// begin landing pads with `bti j`. (g++ knows no naked functions here. Not to be compiled with -flto: the linker would not
// find it in an archive.)
asm(R"(
    .pushsection .text
    .balign 16
    .globl heed_rethrow
    .type heed_rethrow, %function
heed_rethrow:
    .cfi_startproc
    hint 34  // bti c
    stp x29, x30, [sp, -32]!
    .cfi_def_cfa_offset 32
    .cfi_offset 29, -32
    .cfi_offset 30, -24
    mov x29, sp
    str x0, [sp, 16]
    mov x1, x30
    bl heed_find_landing
    mov x17, x0
    ldr x0, [sp, 16]
    ldp x29, x30, [sp], 32
    .cfi_def_cfa_offset 0
    .cfi_restore 29
    .cfi_restore 30
    cbz x17, 1f
    mov x0, x1
    ldrsw x1, [x0, -36]
    ret x17
1:
    b _ZSt17rethrow_exceptionNSt15__exception_ptr13exception_ptrE
    .cfi_endproc
    .size heed_rethrow, . - heed_rethrow
    .popsection
)");

bool has_shadow_stack() noexcept {
  register std::uint64_t asked asm("x16") = 1;
  asm volatile("hint 40" : "+r"(asked));  // chkfeat x16: zero where there is one
  return asked == 0;
}

#endif

}  // namespace heed::detail

#endif

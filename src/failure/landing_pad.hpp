// Where an exception would land, read from the tables that the unwinder reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <typeinfo>

namespace heed::detail {

struct LandingPad {
  std::uintptr_t address = 0;     // 0: not certain; the unwinder is to look for it
  int filter = 0;                 // what tells the handlers of the landing pad apart
  std::ptrdiff_t adjustment = 0;  // from the exception object to what the handler declares
  const unsigned char* action = nullptr;
  const unsigned char* language_data = nullptr;
};

// For an exception `object` that is raised by a call which returns to `return_address`, and caught in the function that
// called. Only objects of classes: all else is not certain. What it says is true for every object of that type.
// Allocates nothing.
LandingPad find_landing_pad(std::uintptr_t return_address, const std::type_info& type, void* object) noexcept;

// The code or data at this address can never be unloaded: it belongs to the program, or to a library that the program
// needs. (What dlopen() loaded may go, and something else may come to the same address.)
bool is_permanent(std::uintptr_t address) noexcept;

}  // namespace heed::detail

// Checks on the callables that users hand in.
#pragma once

#include <stdexcept>
#include <string>
#include <type_traits>

namespace heed::detail {

// Throws std::invalid_argument for a null function pointer, an empty std::function and the like.
template <class F>
void require_callable(const F& function, const char* where) {
  if constexpr (requires { function == nullptr; }) {
    if (function == nullptr)
      throw std::invalid_argument(std::string(where) + ": a callable object was expected, got null");
  }
}

// One address for each type.
template <class T>
inline constexpr char type_tag = 0;

}  // namespace heed::detail

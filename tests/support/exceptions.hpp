// Exceptions as values: making them and looking into them.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "heed/failure/exception_info.hpp"

namespace heed::test {

template <class E>
std::exception_ptr made(E value) {
  return std::make_exception_ptr(std::move(value));
}
inline std::exception_ptr runtime(const char* text) { return made(std::runtime_error(text)); }
inline std::exception_ptr logic(const char* text) { return made(std::logic_error(text)); }

// Of a std::system_error.
inline std::errc code_of(const std::exception_ptr& error) {
  const auto* system = find<std::system_error>(error);
  EXPECT_NE(system, nullptr) << describe(error);
  return system ? static_cast<std::errc>(system->code().value()) : std::errc();
}

}  // namespace heed::test

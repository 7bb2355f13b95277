// Short ways to say what is thrown.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>

#include "heed/failure/exception_info.hpp"

namespace heed::test {

// what() of the E that `function` throws; fails the test when it throws none or something else.
template <class E, class F>
std::string thrown(F&& function) {
  try {
    function();
  } catch (const E& error) {
    return error.what();
  } catch (...) {
    ADD_FAILURE() << "threw " << describe(std::current_exception());
    return {};
  }
  ADD_FAILURE() << "threw nothing";
  return {};
}

// What `function` throws, null when it returns.
template <class F>
std::exception_ptr caught(F&& function) {
  try {
    function();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace heed::test

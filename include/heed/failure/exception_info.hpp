// Looking into a std::exception_ptr without throwing it.
#pragma once

#include <exception>
#include <string>
#include <typeinfo>

namespace heed {

// The dynamic type of the exception; null for a null pointer, or where the standard library does not tell.
const std::type_info* type_of(const std::exception_ptr& exception) noexcept;

namespace detail {
// The exception seen as `wanted` (a base class is found, with its address adjusted), or null.
// With libstdc++ nothing is thrown; elsewhere the exception is rethrown and caught.
const void* find_as(const std::exception_ptr& exception, const std::type_info& wanted) noexcept;
}  // namespace detail

// A pointer to the exception if `catch (const E&)` would take it, else null. Valid as long as `exception` holds it.
template <class E>
const E* find(const std::exception_ptr& exception) noexcept {
#if defined(__GLIBCXX__)
  return static_cast<const E*>(detail::find_as(exception, typeid(E)));
#else
  if (!exception) return nullptr;
  try {
    std::rethrow_exception(exception);
  } catch (const E& error) {
    return &error;
  } catch (...) {
    return nullptr;
  }
#endif
}

// The address of the exception object: two pointers to one exception give the same.
const void* identity(const std::exception_ptr& exception) noexcept;

bool is_cancellation(const std::exception_ptr& exception) noexcept;

// "std::runtime_error"; "none" for a null pointer.
std::string type_name(const std::exception_ptr& exception);
// what() of a std::exception or BaseException; the value of a thrown string or integer; else empty.
std::string message_of(const std::exception_ptr& exception);
// "std::runtime_error: disk full"
std::string describe(const std::exception_ptr& exception);
// The exception this one was raised from (std::throw_with_nested), or null.
std::exception_ptr cause_of(const std::exception_ptr& exception) noexcept;

std::string demangle(const char* name);

}  // namespace heed

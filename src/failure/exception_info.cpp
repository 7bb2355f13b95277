#include "heed/failure/exception_info.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "heed/failure/exceptions.hpp"

namespace heed {

// std::exception_ptr is one pointer, to the exception object, in every implementation of the Itanium C++ ABI.
const void* identity(const std::exception_ptr& exception) noexcept {
  static_assert(sizeof(std::exception_ptr) == sizeof(void*));
  const void* object;
  std::memcpy(&object, static_cast<const void*>(&exception), sizeof object);
  return object;
}

#if defined(__GLIBCXX__)

const std::type_info* type_of(const std::exception_ptr& exception) noexcept {
  return exception ? exception.__cxa_exception_type() : nullptr;
}

namespace detail {
const void* find_as(const std::exception_ptr& exception, const std::type_info& wanted) noexcept {
  if (!exception) return nullptr;
  const std::type_info& thrown = *exception.__cxa_exception_type();
  void* object = const_cast<void*>(identity(exception));
  if (thrown == wanted) return object;
  if (thrown.__is_pointer_p()) return nullptr;
  return wanted.__do_catch(&thrown, &object, 1) ? object : nullptr;  // adjusts `object` to the base
}
}  // namespace detail

#else

const std::type_info* type_of(const std::exception_ptr& exception) noexcept {
  if (!exception) return nullptr;
  try {
    std::rethrow_exception(exception);
  } catch (...) {
    return abi::__cxa_current_exception_type();
  }
}

#endif

bool is_cancellation(const std::exception_ptr& exception) noexcept {
  return find<CancelledError>(exception) != nullptr;
}

std::string demangle(const char* name) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return text ? text.get() : name;
}

std::string type_name(const std::exception_ptr& exception) {
  if (!exception) return "none";
  const std::type_info* type = type_of(exception);
  return type ? demangle(type->name()) : "unknown exception";
}

std::string message_of(const std::exception_ptr& exception) {
  if (!exception) return {};
  if (const auto* error = find<std::exception>(exception)) return error->what();
  if (const auto* error = find<BaseException>(exception)) return error->what();
  if (const auto* text = find<std::string>(exception)) return *text;
  if (const auto* text = find<const char*>(exception)) return *text ? *text : "(null)";
  if (const auto* number = find<int>(exception)) return std::to_string(*number);
  if (const auto* number = find<long>(exception)) return std::to_string(*number);
  if (const auto* number = find<unsigned>(exception)) return std::to_string(*number);
  return {};
}

std::string describe(const std::exception_ptr& exception) {
  std::string message = message_of(exception);
  return message.empty() ? type_name(exception) : type_name(exception) + ": " + message;
}

std::exception_ptr cause_of(const std::exception_ptr& exception) noexcept {
  const auto* nested = find<std::nested_exception>(exception);
  return nested ? nested->nested_ptr() : nullptr;
}

}  // namespace heed

// One way to keep a result, whether it is a value, a reference or nothing.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

namespace heed::detail {

struct Nothing {};

template <class T>
struct StoredAs {
  using type = T;
};
template <class T>
struct StoredAs<T&> {
  using type = std::reference_wrapper<T>;
};
template <>
struct StoredAs<void> {
  using type = Nothing;
};

// What is kept for a result of type T: T, std::reference_wrapper<U> for U&, Nothing for void.
template <class T>
using Stored = typename StoredAs<T>::type;

// Room for a value whose life its owner manages.
template <class T>
union Slot {
  Slot() noexcept {}
  ~Slot() {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  T value;
};

// Back to T, moving a value out.
template <class T>
T unwrap(Stored<T>&& stored) {
  if constexpr (std::is_void_v<T>) {
    return;
  } else if constexpr (std::is_reference_v<T>) {
    return stored.get();
  } else {
    return std::move(stored);
  }
}

// What an lvalue handle gives: T& for a value, U& for a reference, nothing for void.
template <class T>
using Viewed = std::conditional_t<std::is_void_v<T>, void, std::add_lvalue_reference_t<T>>;

template <class T>
Viewed<T> view(Stored<T>& stored) noexcept {
  if constexpr (std::is_void_v<T>) {
    return;
  } else if constexpr (std::is_reference_v<T>) {
    return stored.get();
  } else {
    return stored;
  }
}

}  // namespace heed::detail

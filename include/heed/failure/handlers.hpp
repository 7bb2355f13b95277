// Handlers that are chosen by the type of their parameter, as catch clauses are.
#pragma once

#include <exception>
#include <functional>
#include <type_traits>

#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed::detail {

template <class R, class P>
std::type_identity<P> parameter_of(R (*)(P));
template <class R, class C, class P>
std::type_identity<P> parameter_of(R (C::*)(P));
template <class R, class C, class P>
std::type_identity<P> parameter_of(R (C::*)(P) const);

template <class H>
struct HandlerTraits {
  using Function = decltype(&H::operator());
};
template <class F>
struct HandlerTraits<F*> {
  using Function = F*;
};
template <class H>
using HandlerParameter = typename decltype(parameter_of(std::declval<typename HandlerTraits<H>::Function>()))::type;

// A callable with one parameter, whose type can be told: no template.
template <class H>
concept HandlerFunction = requires {
  typename HandlerParameter<H>;
};

// Whether the handler is for this exception. One that takes std::exception_ptr is for whatever is an error: not for
// what derives from BaseException, a cancellation above all. That takes a handler which names it.
template <HandlerFunction H>
bool handles(const std::exception_ptr& exception) noexcept {
  using Parameter = HandlerParameter<H>;
  using E = std::remove_cvref_t<Parameter>;
  static_assert(!std::is_reference_v<Parameter> || std::is_const_v<std::remove_reference_t<Parameter>>,
                "an exception may be shared: take it by const reference");
  if constexpr (std::is_same_v<E, std::exception_ptr>) {
    return exception && !find<BaseException>(exception);
  } else {
    return find<E>(exception) != nullptr;
  }
}

// Precondition: handles<H>(exception).
template <HandlerFunction H>
decltype(auto) call_handler(H& handler, const std::exception_ptr& exception) {
  using E = std::remove_cvref_t<HandlerParameter<H>>;
  if constexpr (std::is_same_v<E, std::exception_ptr>) {
    return std::invoke(handler, exception);
  } else {
    return std::invoke(handler, *find<E>(exception));
  }
}

}  // namespace heed::detail

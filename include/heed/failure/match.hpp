// except*: what to do about which of several failures.
#pragma once

#include <concepts>
#include <exception>
#include <span>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/handlers.hpp"

namespace heed {

namespace detail {

struct LeafHandler {
  bool (*handles)(const std::exception_ptr& exception) noexcept;
  void (*call)(void* handler, const std::exception_ptr& exception);
  void* handler;
};

template <HandlerFunction H>
LeafHandler leaf_handler(H& handler) {
  static_assert(!std::same_as<std::remove_cvref_t<HandlerParameter<H>>, ExceptionGroup>,
                "match() hands over single exceptions, never a group; for the part of a group: subgroup<E>()");
  return LeafHandler{
      &handles<H>,
      [](void* target, const std::exception_ptr& exception) { call_handler(*static_cast<H*>(target), exception); },
      &handler};
}

void match_leaves(const std::exception_ptr& exception, std::span<const LeafHandler> handlers);

}  // namespace detail

// Calls, for each exception in a group, of all its levels and in order, the first handler whose parameter fits:
//
//   match(failure, [](const std::system_error& error) { ... }, [](const std::exception_ptr& anything_else) { ... });
//
// An exception that is no group counts as the only one; null: nothing happens. A handler runs as a catch block does:
// `throw;`, std::current_exception() and add_note() work. What derives from BaseException (CancelledError and its kin)
// is only taken by a handler that names its type.
//
// Throws what no handler took, or what a handler raised again by `throw;`: of a group the part that is left, with its
// nesting; the same object when that is all of it. When handlers throw something else, a group of that, in order, and
// of what was left. For a single exception: it, or what its handler threw, by itself.
template <detail::HandlerFunction... H>
void match(const std::exception_ptr& exception, H... handlers) {
  const detail::LeafHandler all[] = {detail::leaf_handler(handlers)..., detail::LeafHandler{}};
  detail::match_leaves(exception, std::span(all, sizeof...(H)));
}
template <detail::HandlerFunction... H>
void match(const ExceptionGroup& group, H... handlers) {
  match(std::make_exception_ptr(group), std::move(handlers)...);
}

}  // namespace heed

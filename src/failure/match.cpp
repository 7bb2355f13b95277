#include "heed/failure/match.hpp"

namespace heed::detail {

namespace {

// What became of one exception: null when it was handled, itself when it was not, or what its handler threw instead.
std::exception_ptr left_of(const std::exception_ptr& exception, std::span<const LeafHandler> handlers) {
  for (const LeafHandler& handler : handlers) {
    if (!handler.handles(exception)) continue;
    try {
      std::rethrow_exception(exception);
    } catch (...) {
      try {
        handler.call(handler.handler, exception);
      } catch (...) {
        return std::current_exception();
      }
    }
    return nullptr;
  }
  return exception;
}

}  // namespace

void match_leaves(const std::exception_ptr& exception, std::span<const LeafHandler> handlers) {
  if (!exception) return;
  const auto* group = find<ExceptionGroup>(exception);
  if (!group) {
    if (std::exception_ptr left = left_of(exception, handlers)) std::rethrow_exception(std::move(left));
    return;
  }
  std::vector<std::exception_ptr> thrown;
  ExceptionGroup::Split split = group->split([&](const std::exception_ptr& member) {
    if (find<ExceptionGroup>(member)) return false;
    std::exception_ptr left = left_of(member, handlers);
    if (left && left != member) thrown.push_back(left);
    return left != member;
  });
  if (!thrown.empty()) {
    if (split.rest) thrown.push_back(std::make_exception_ptr(*split.rest));
    throw group->derive(std::move(thrown));
  }
  if (!split.matched) std::rethrow_exception(exception);
  if (split.rest) throw ExceptionGroup(*split.rest);
}

}  // namespace heed::detail

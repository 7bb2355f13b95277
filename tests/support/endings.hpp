// How coroutines and tasks end, in a few words.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "heed/core/event_loop.hpp"
#include "heed/failure/exception_group.hpp"
#include "heed/failure/exceptions.hpp"
#include "support/throwing.hpp"

namespace heed::test {

// "value", "timeout", "cancelled", "cancelled: text", "group [a; b]", or the message of another exception.
inline std::string ending(const std::exception_ptr& exception) {
  if (!exception) return "value";
  if (find<TimeoutError>(exception)) return "timeout";
  if (const auto* cancelled = find<CancelledError>(exception)) {
    std::string text = cancelled->what();
    return text.empty() ? "cancelled" : "cancelled: " + text;
  }
  const auto* group = find<ExceptionGroup>(exception);
  if (!group) return message_of(exception);
  std::string members;
  for (const std::exception_ptr& member : group->exceptions())
    members += (members.empty() ? "" : "; ") + ending(member);
  return "group [" + members + "]";
}

// Runs the loop until the coroutine, or the task, is done.
template <class T>
std::string ending(EventLoop& loop, Coro<T> coro) {
  return ending(caught([&] { static_cast<void>(loop.run_until_complete(std::move(coro))); }));
}
template <class T>
std::string ending(EventLoop& loop, const Future<T>& future) {
  return ending(caught([&] { static_cast<void>(loop.run_until_complete(future)); }));
}

// How a task ended that is done; "pending" when it is not.
template <class T>
std::string ending(const Future<T>& task) {
  if (!task.done()) return "pending";
  return ending(caught([&] { static_cast<void>(task.result()); }));
}

}  // namespace heed::test

// Several failures as one exception (PEP 654).
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/failure/exception_info.hpp"
#include "heed/failure/ref.hpp"

namespace heed {

// A message and at least one exception, each of which may be a group itself. Copies share the same exceptions.
class ExceptionGroup : public std::exception {
 public:
  using Predicate = std::function<bool(const std::exception_ptr&)>;

  // Throws std::invalid_argument when `exceptions` is empty or holds a null pointer.
  ExceptionGroup(std::string_view message, std::vector<std::exception_ptr> exceptions);
  ~ExceptionGroup() override;

  // "message (2 sub-exceptions)"
  const char* what() const noexcept override { return data_->what.c_str(); }
  const std::string& message() const noexcept { return data_->message; }
  const std::vector<std::exception_ptr>& exceptions() const noexcept { return data_->exceptions; }

  // Every exception that is not a group, in order, from all levels.
  std::vector<std::exception_ptr> leaves() const;

  // The part that matches, with the nesting kept: an exception, or a whole group, for which `matches` holds.
  std::optional<ExceptionGroup> subgroup(const Predicate& matches) const;
  template <class E>
  std::optional<ExceptionGroup> subgroup() const;

  // The part that matches and the rest. Either may be empty; together they hold every leaf once.
  struct Split;
  Split split(const Predicate& matches) const;
  template <class E>
  Split split() const;

  // A group with this message around other exceptions.
  ExceptionGroup derive(std::vector<std::exception_ptr> exceptions) const;

 private:
  struct Data : RefCounted {
    std::string message;
    std::string what;
    std::vector<std::exception_ptr> exceptions;
  };
  Ref<const Data> data_;
};

struct ExceptionGroup::Split {
  std::optional<ExceptionGroup> matched;
  std::optional<ExceptionGroup> rest;
};

template <class E>
std::optional<ExceptionGroup> ExceptionGroup::subgroup() const {
  return subgroup([](const std::exception_ptr& e) { return find<E>(e) != nullptr; });
}

template <class E>
ExceptionGroup::Split ExceptionGroup::split() const {
  return split([](const std::exception_ptr& e) { return find<E>(e) != nullptr; });
}

// The same exceptions in one group without groups in it, in order.
ExceptionGroup flatten(const ExceptionGroup& group);

// The one exception in a group of one, however deep it is; of more than one the group, and an exception that is no group
// as it is. For code that knows to have started one thing only: `std::rethrow_exception(only(failure))`.
std::exception_ptr only(const std::exception_ptr& exception);
std::exception_ptr only(const ExceptionGroup& group);

// The exception and, for groups and causes, what is inside, one line each:
//   heed::ExceptionGroup: two failed (2 sub-exceptions)
//   |- std::runtime_error: first
//   `- std::invalid_argument: second
//      caused by std::system_error: ...
// Of a very large tree the first 1,000 lines or so.
std::vector<std::string> format_tree(const std::exception_ptr& exception);

}  // namespace heed

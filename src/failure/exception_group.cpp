#include "heed/failure/exception_group.hpp"

#include <stdexcept>

namespace heed {

ExceptionGroup::ExceptionGroup(std::string_view message, std::vector<std::exception_ptr> exceptions) {
  if (exceptions.empty())
    throw std::invalid_argument("ExceptionGroup '" + std::string(message) + "' needs at least one exception");
  for (std::size_t i = 0; i < exceptions.size(); ++i)
    if (!exceptions[i])
      throw std::invalid_argument("ExceptionGroup '" + std::string(message) + "': exception " + std::to_string(i) +
                                  " is null");
  auto data = Ref<Data>(new Data);
  data->message = message;
  data->what = data->message + " (" + std::to_string(exceptions.size()) +
               (exceptions.size() == 1 ? " sub-exception)" : " sub-exceptions)");
  data->exceptions = std::move(exceptions);
  data_ = Ref<const Data>(data.get());
}

ExceptionGroup::~ExceptionGroup() = default;

ExceptionGroup ExceptionGroup::derive(std::vector<std::exception_ptr> exceptions) const {
  return ExceptionGroup(message(), std::move(exceptions));
}

std::vector<std::exception_ptr> ExceptionGroup::leaves() const {
  std::vector<std::exception_ptr> found;
  for (const auto& member : exceptions()) {
    if (const auto* group = find<ExceptionGroup>(member)) {
      auto inner = group->leaves();
      found.insert(found.end(), inner.begin(), inner.end());
    } else {
      found.push_back(member);
    }
  }
  return found;
}

std::optional<ExceptionGroup> ExceptionGroup::subgroup(const Predicate& matches) const {
  return split(matches).matched;
}

ExceptionGroup::Split ExceptionGroup::split(const Predicate& matches) const {
  std::vector<std::exception_ptr> matched, rest;
  for (const auto& member : exceptions()) {
    const auto* group = find<ExceptionGroup>(member);
    if (matches(member)) {
      matched.push_back(member);
    } else if (group) {
      Split inner = group->split(matches);
      if (!inner.rest) {
        matched.push_back(member);  // all of it: keep the object
      } else if (!inner.matched) {
        rest.push_back(member);
      } else {
        matched.push_back(std::make_exception_ptr(*inner.matched));
        rest.push_back(std::make_exception_ptr(*inner.rest));
      }
    } else {
      rest.push_back(member);
    }
  }
  Split result;
  if (!matched.empty()) result.matched = derive(std::move(matched));
  if (!rest.empty()) result.rest = derive(std::move(rest));
  return result;
}

ExceptionGroup flatten(const ExceptionGroup& group) { return group.derive(group.leaves()); }

std::exception_ptr only(const ExceptionGroup& group) {
  std::vector<std::exception_ptr> leaves = group.leaves();
  return leaves.size() == 1 ? leaves.front() : std::make_exception_ptr(group);
}

std::exception_ptr only(const std::exception_ptr& exception) {
  const auto* group = find<ExceptionGroup>(exception);
  if (!group) return exception;
  std::vector<std::exception_ptr> leaves = group->leaves();
  return leaves.size() == 1 ? leaves.front() : exception;
}

namespace {

// Groups may share their members, level by level: such a tree doubles with each of them.
constexpr std::size_t most_lines = 1000;

void append_tree(const std::exception_ptr& exception, const std::string& head, const std::string& indent,
                 std::vector<std::string>& lines) {
  if (lines.size() >= most_lines) return;
  std::string text = describe(exception);
  for (std::size_t start = 0, line = 0;; ++line) {  // a message may span lines: keep them under their exception
    std::size_t end = text.find('\n', start);
    lines.push_back((line == 0 ? head : indent + "  ") + text.substr(start, end - start));
    if (end == std::string::npos) break;
    start = end + 1;
  }
  if (const auto* group = find<ExceptionGroup>(exception)) {
    const auto& inner = group->exceptions();
    for (std::size_t i = 0; i < inner.size(); ++i) {
      bool last = i + 1 == inner.size();
      append_tree(inner[i], indent + (last ? "`- " : "|- "), indent + (last ? "   " : "|  "), lines);
    }
  }
  if (auto cause = cause_of(exception)) append_tree(cause, indent + "caused by ", indent, lines);
}

}  // namespace

std::vector<std::string> format_tree(const std::exception_ptr& exception) {
  std::vector<std::string> lines;
  append_tree(exception, "", "", lines);
  if (lines.size() >= most_lines) lines.push_back("... and perhaps more");
  return lines;
}

}  // namespace heed

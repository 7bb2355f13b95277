#include "heed/failure/record.hpp"

#include "heed/failure/exception_group.hpp"
#include "heed/failure/exception_info.hpp"

namespace heed {

const char* to_string(Disposition disposition) noexcept {
  switch (disposition) {
    case Disposition::live: return "live";
    case Disposition::retrieved: return "retrieved";
    case Disposition::merged: return "merged";
    case Disposition::supervised: return "supervised";
    case Disposition::reported: return "reported";
  }
  return "unknown";
}

const char* to_string(FailureOrigin origin) noexcept {
  switch (origin) {
    case FailureOrigin::task: return "task";
    case FailureOrigin::future: return "future";
    case FailureOrigin::gather: return "gather";
    case FailureOrigin::callback: return "callback";
    case FailureOrigin::exception_handler: return "exception handler";
    case FailureOrigin::cleanup: return "cleanup";
    case FailureOrigin::thread: return "thread";
    case FailureOrigin::replaced: return "replaced";
  }
  return "unknown";
}

std::string FailureRecord::type_name() const { return type ? demangle(type->name()) : "unknown exception"; }

std::string FailureRecord::message() const { return exception_ ? message_of(exception_) : message_; }

std::vector<std::string> FailureRecord::tree() const {
  if (exception_) return format_tree(exception_);
  if (!tree_.empty()) return tree_;
  return {message_.empty() ? type_name() : type_name() + ": " + message_};
}

void FailureRecord::remember_text() {
  message_ = message_of(exception_);
  if (find<ExceptionGroup>(exception_) || cause_of(exception_)) tree_ = format_tree(exception_);
}

}  // namespace heed

#include "heed/core/error_context.hpp"

#include <algorithm>

namespace heed {

std::vector<std::string> ErrorContext::keys() const {
  std::vector<std::string> names;
  if (!message.empty()) names.push_back("message");
  if (exception) names.push_back("exception");
  if (future) names.push_back("future");
  if (task) names.push_back("task");
  if (handle) names.push_back("handle");
  if (socket >= 0) names.push_back("socket");
  if (source_traceback) names.push_back("source_traceback");
  if (context) names.push_back("context");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace heed

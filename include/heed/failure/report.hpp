// The one layout of every report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "heed/failure/record.hpp"

namespace heed {

// What a report is made from. Everything but the message is optional.
struct Report {
  std::string_view message;
  std::exception_ptr exception;  // used when there is no record
  const FailureRecord* record = nullptr;
  std::vector<std::pair<std::string, std::string>> details;  // "handle" -> "...", shown in this order
};

// Text of several lines, the first being the message. With `colour`, ANSI escapes.
std::string render(const Report& report, bool colour = false);

// "serve(int) at server.cpp:12". The function is made readable where the compiler gives a mangled frame type.
std::string format_site(const std::source_location& site);
std::string function_name(const std::source_location& site);

}  // namespace heed

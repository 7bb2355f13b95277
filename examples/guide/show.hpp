// Reports go to the standard output, in order with everything else that a program of the guide prints.
#pragma once

#include <iostream>

#include "heed/failure/log.hpp"

inline void show_reports() {
  heed::set_log_sink([](const heed::LogRecord& record) {
    std::string_view text = record.text.empty() ? record.message : record.text;
    std::cout << text << (text.ends_with('\n') ? "" : "\n");
  });
}

// What the demonstration writes.
#pragma once

#include <string>

namespace demo {

// Text on stdout; in colour when that is a terminal and NO_COLOR is not set.
class Screen {
 public:
  Screen();

  void heading(const std::string& text);
  void say(const std::string& text);
  // A line of somebody else's: "  server | conn-1 open".
  void quote(const std::string& who, const std::string& line);
  // The same for a failure report.
  void quote_report(const std::string& who, const std::string& line);
  // Something that was promised, and whether it is so.
  void claim(bool holds, const std::string& text);
  // How many claims hold.
  void finish();

  bool all_hold() const noexcept { return failed_ == 0; }

 private:
  std::string coloured(const char* colour, const std::string& text) const;
  void write(const std::string& line);

  bool colour_;
  int claims_ = 0;
  int failed_ = 0;
};

}  // namespace demo

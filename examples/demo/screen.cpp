#include "demo/screen.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace demo {

namespace {

constexpr const char* bold = "1";
constexpr const char* dim = "2";
constexpr const char* red = "31";
constexpr const char* green = "32";
constexpr const char* yellow = "33";

bool colour_wanted() {
  auto value = [](const char* name) { return std::string_view(std::getenv(name) ? std::getenv(name) : ""); };
  return ::isatty(STDOUT_FILENO) && value("NO_COLOR").empty() && value("TERM") != "dumb";
}

std::string label(const std::string& who) {
  return "  " + who + std::string(who.size() < 8 ? 8 - who.size() : 0, ' ') + " | ";
}

}  // namespace

Screen::Screen() : colour_(colour_wanted()) {}

std::string Screen::coloured(const char* colour, const std::string& text) const {
  if (!colour_) return text;
  return std::string("\033[") + colour + "m" + text + "\033[0m";
}

void Screen::write(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

void Screen::heading(const std::string& text) { write("\n" + coloured(bold, text)); }
void Screen::say(const std::string& text) { write("\n" + text); }
void Screen::quote(const std::string& who, const std::string& line) { write(coloured(dim, label(who)) + line); }
void Screen::quote_report(const std::string& who, const std::string& line) {
  write(coloured(dim, label(who)) + coloured(yellow, line));
}

void Screen::claim(bool holds, const std::string& text) {
  ++claims_;
  if (!holds) ++failed_;
  if (colour_) {
    write("  " + coloured(holds ? green : red, holds ? "✓ " : "✗ ") + text);
  } else {
    write(std::string("  ") + (holds ? "ok      " : "FAILED  ") + text);
  }
}

void Screen::finish() {
  std::string claims = std::to_string(claims_) + " claims";
  if (failed_ == 0) {
    write("\n" + coloured(green, "All " + claims + " hold."));
  } else {
    write("\n" + coloured(red, std::to_string(failed_) + " of " + claims + " FAILED."));
  }
}

}  // namespace demo

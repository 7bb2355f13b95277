#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "demo/line_source.hpp"
#include "demo/parts.hpp"
#include "demo/process.hpp"
#include "heed/flow/gather.hpp"

namespace fs = std::filesystem;

namespace demo {

namespace {

// A program and the traces that are recorded for it.
struct Program {
  std::string area;
  std::string trace;        // asyncio's
  std::string heeds_trace;  // where heed differs on purpose, else empty
  std::string reason;       // why it does
};

std::string content(const fs::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// By name.
std::map<std::string, Program> recorded_programs(const fs::path& folder) {
  std::map<std::string, Program> programs;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    fs::path path = entry.path();
    if (path.extension() != ".cpp") continue;
    auto beside = [&path](const char* suffix) { return content(fs::path(path).replace_extension(suffix)); };
    Program& program = programs[path.stem().string()];
    program.area = path.parent_path().filename().string();
    program.trace = beside(".expected");
    program.heeds_trace = beside(".heed.expected");
    program.reason = first_line(beside(".reason"));
  }
  return programs;
}

struct Run {
  int status = 0;
  std::string output;
  std::string errors;
};

heed::Coro<Run> run_program(fs::path executable, std::string name) {
  std::vector<std::string> arguments{"--run", name};
  Process process(executable, arguments);
  auto texts = co_await heed::gather(read_all(process.take_output()), read_all(process.take_errors()));
  Run run;
  run.status = co_await process.wait();
  run.output = std::get<0>(texts);
  run.errors = std::get<1>(texts);
  co_return std::move(run);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What a program that did not do as recorded has done instead.
void show_difference(Screen& screen, const Run& run, const std::string& expected) {
  std::vector<std::string> recorded_lines = lines_of(expected), printed_lines = lines_of(run.output);
  auto [recorded, printed] =
      std::mismatch(recorded_lines.begin(), recorded_lines.end(), printed_lines.begin(), printed_lines.end());
  screen.quote("recorded", recorded == recorded_lines.end() ? "(the end)" : *recorded);
  screen.quote("printed", printed == printed_lines.end() ? "(the end)" : *printed);
  for (const std::string& line : lines_of(run.errors)) screen.quote_report("errors", line);
  screen.quote("status", std::to_string(run.status));
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string count(std::size_t number, const std::string& one, const std::string& several) {
  return std::to_string(number) + " " + (number == 1 ? one : several);
}

}  // namespace

heed::Coro<> show_founding_programs(Screen& screen, fs::path programs) {
  screen.heading("2. The programs that heed was made for");
  screen.say("Each runs as a process of its own. What it prints is compared with the trace recorded from asyncio.");

  std::map<std::string, Program> recorded = recorded_programs(HEED_FOUNDING_TRACES);
  std::size_t as_asyncio = 0;
  std::vector<std::string> reasons;
  for (const auto& [name, program] : recorded) {
    Run run = co_await run_program(programs / "founding", name);
    bool differs = !program.heeds_trace.empty();
    const std::string& expected = differs ? program.heeds_trace : program.trace;
    bool holds =
        run.status == 0 && !expected.empty() && run.output == expected && (!differs || !program.reason.empty());
    std::string title = program.area + "/" + name;
    screen.claim(holds, padded(title, 46) + (differs ? "differs on purpose" : "as asyncio"));
    if (!holds) {
      show_difference(screen, run, expected);
    } else if (differs) {
      reasons.push_back(title + ": " + program.reason);
    } else {
      ++as_asyncio;
    }
  }
  screen.say(count(recorded.size(), "program", "programs") + ", " + count(as_asyncio, "trace", "traces") +
             " as asyncio's, " + count(reasons.size(), "deliberate difference", "deliberate differences"));
  for (const std::string& reason : reasons) screen.quote("why", reason);
}

}  // namespace demo

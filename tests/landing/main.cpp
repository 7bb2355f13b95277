// heed_landing_cases: the cases alone, for builds of many kinds.
//
//   heed_landing_cases [--list] [--verbose] [--no-children] [--group GROUP] [--unwinding | --directly]
//
// --unwinding and --directly run each case in that way only, and compare nothing: for debuggers.
#include <cstdio>
#include <string_view>

#include "landing/case.hpp"

namespace heed::landing {

namespace {

struct Options {
  bool list = false;
  bool verbose = false;
  bool children = true;
  std::string_view group;
  std::string_view only;  // --unwinding or --directly
};

int run_all(const Options& options) {
  unsigned count = 0, wrong = 0;
  unsigned long landings = 0;
  for (const Case& one : all_cases()) {
    if (!options.group.empty() && options.group != one.group) continue;
    if (!options.children && one.ends == Ends::terminates) continue;
    ++count;
    if (options.list) {
      std::printf("%s.%s\n", one.group, one.name);
      continue;
    }
    if (options.verbose) {
      std::printf("%s.%s\n", one.group, one.name);
      std::fflush(stdout);
    }
    if (!options.only.empty()) {
      landings += run_case(one, options.only == "--directly").landings;
      if (options.verbose) std::printf("    %s\n", trace().c_str());
      continue;
    }
    std::string problem = check_case(one, &landings);
    if (problem.empty()) continue;
    ++wrong;
    std::printf("%s.%s: %s\n", one.group, one.name, problem.c_str());
  }
  DirectLanding state = direct_landing();
  std::printf("%u cases, %lu landings, %u wrong, direct landing is %s%s%s\n", count, landings, wrong,
              state.on ? "on" : "off: ", state.reason.c_str(), count == 0 ? ", nothing ran" : "");
  return wrong == 0 && count != 0 ? 0 : 1;
}

}  // namespace

}  // namespace heed::landing

int main(int argc, char** argv) {
  heed::landing::Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view option = argv[i];
    if (option == "--list") {
      options.list = true;
    } else if (option == "--verbose") {
      options.verbose = true;
    } else if (option == "--no-children") {
      options.children = false;
    } else if (option == "--group" && i + 1 < argc) {
      options.group = argv[++i];
    } else if (option == "--unwinding" || option == "--directly") {
      options.only = option;
    } else {
      std::fprintf(stderr, "unknown option: %s\n", argv[i]);
      return 2;
    }
  }
  return heed::landing::run_all(options);
}

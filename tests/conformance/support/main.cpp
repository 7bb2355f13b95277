// One area of scenarios as a program.
//   --list      their names, one a line
//   --run NAME  runs one and prints its trace

#include <cstdio>
#include <string_view>

#include "support/scenario.hpp"

using conformance::Scenario;

namespace {

int run(std::string_view name) {
  for (const Scenario* scenario : Scenario::all()) {
    if (scenario->name() != name) continue;
    if (std::exception_ptr exception = conformance::raised_by([&] { scenario->run(); })) {
      std::fprintf(stderr, "%s: %s\n", scenario->name().c_str(), heed::describe(exception).c_str());
      return 1;
    }
    return 0;
  }
  std::fprintf(stderr, "there is no scenario '%.*s'\n", static_cast<int>(name.size()), name.data());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "--run" && argc == 3) return run(argv[2]);
  if (command == "--list" && argc == 2) {
    for (const Scenario* scenario : Scenario::all()) std::puts(scenario->name().c_str());
    return 0;
  }
  std::fprintf(stderr, "usage: %s --list | --run NAME\n", argv[0]);
  return 2;
}

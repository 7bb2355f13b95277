// heed_stress: random programs against the law of failures. See README.md.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <unistd.h>

#include "stress/coverage.hpp"
#include "stress/driver.hpp"
#include "stress/generator.hpp"
#include "stress/shrink.hpp"

// Present when the program is linked with a sanitizer.
extern "C" {
[[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());
}

namespace heed::stress {

namespace {

struct Options {
  std::uint64_t programs = 20000;
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
  bool replay = false;
  bool verbose = false;
};

// Of the program that runs, for when it crashes.
char replay_line[80];
char crash_line[120];

void tell_replay() noexcept {
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, crash_line, std::strlen(crash_line));
}

void crashed(int number) {
  tell_replay();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void watch_for_crashes() {
  if (&__sanitizer_set_death_callback != nullptr) return __sanitizer_set_death_callback(&tell_replay);
  static char stack[64 * 1024];  // the program's own may be full
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = &crashed;
  action.sa_flags = SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGTERM, SIGINT}) ::sigaction(number, &action, nullptr);
}

void prepare_replay_line(std::uint64_t seed, std::uint64_t program) {
  std::snprintf(replay_line, sizeof replay_line, "replay: heed_stress --seed %llu --replay\n",
                static_cast<unsigned long long>(seed));
  std::snprintf(crash_line, sizeof crash_line, "program %llu: it crashed, or did not end\n%s",
                static_cast<unsigned long long>(program), replay_line);
}

std::uint64_t number(const char* option, const char* text) {
  char* end = nullptr;
  std::uint64_t value = text ? std::strtoull(text, &end, 10) : 0;
  if (text && end != text && *end == '\0') return value;
  std::fprintf(stderr, "heed_stress: %s needs a number\n", option);
  std::exit(2);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (option == "--replay") {
      options.replay = true;
    } else if (option == "--verbose") {
      options.verbose = true;
    } else if (option == "--programs" || option == "--seed" || option == "--first") {
      std::uint64_t parsed = number(option.c_str(), value);
      (option == "--programs" ? options.programs : option == "--seed" ? options.seed : options.first) = parsed;
      ++i;
    } else {
      std::fprintf(stderr,
                   "usage: heed_stress [--programs N] [--seed S] [--first K] [--verbose]\n"
                   "       heed_stress --seed X --replay [--verbose]\n");
      std::exit(option == "--help" ? 0 : 2);
    }
  }
  return options;
}

// One program again; a violation is shown with the smallest program that still has one.
int replay(const Options& options) {
  prepare_replay_line(options.seed, options.seed);
  Program program = generate(options.seed);
  if (options.verbose) {
    std::printf("%s", listing(program).c_str());
    std::fflush(stdout);
  }
  std::string violation = run_program(program, options.verbose);
  if (violation.empty()) {
    std::printf("program %llu: the law held\n", static_cast<unsigned long long>(options.seed));
    return 0;
  }
  std::printf("VIOLATION: %s\n\nmade smaller:\n", violation.c_str());
  std::fflush(stdout);
  program = shrink(std::move(program));
  std::printf("%s", listing(program).c_str());
  violation = run_program(program, true);
  std::printf("VIOLATION: %s\n%s", violation.c_str(), replay_line);
  return 1;
}

int run(const Options& options) {
  std::uint64_t violations = 0;
  for (std::uint64_t i = options.first; i < options.first + options.programs; ++i) {
    std::uint64_t seed = program_seed(options.seed, i);
    prepare_replay_line(seed, i);
    std::string violation = run_program(generate(seed), false);
    if (violation.empty()) continue;
    std::printf("program %llu: VIOLATION: %s\n%s", static_cast<unsigned long long>(i), violation.c_str(), replay_line);
    std::fflush(stdout);
    if (++violations == 10) break;
  }
  if (options.verbose) std::printf("%s", coverage.table().c_str());
  if (violations != 0) return 1;
  auto happened = [](Happened what) {
    return static_cast<unsigned long long>(coverage.happened[static_cast<std::size_t>(what)]);
  };
  std::printf("%llu programs, %llu failures (%llu retrieved, %llu reported), %llu cancellations: the law held\n",
              static_cast<unsigned long long>(options.programs), happened(Happened::failures_raised),
              happened(Happened::failures_retrieved), happened(Happened::failures_reported),
              happened(Happened::cancels_requested));
  return 0;
}

}  // namespace

}  // namespace heed::stress

int main(int argc, char** argv) {
  heed::stress::Options options = heed::stress::parse(argc, argv);
  heed::stress::watch_for_crashes();
  return options.replay ? heed::stress::replay(options) : heed::stress::run(options);
}

// heed_memory: one program, run once for each allocation that it makes, which then fails. After each run: no crash,
// nothing that was allocated is left, the books balance, every failure was told to somebody, and so was std::bad_alloc
// unless the program did all that it does with enough memory. Before that the same for many timers by themselves.
//
//   heed_memory [--variant K] [--allocation N] [--for-good]
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <unistd.h>

#include "heed/failure/log.hpp"
#include "memory/failing_memory.hpp"
#include "memory/programs.hpp"
#include "memory/timers.hpp"
#include "memory/witness.hpp"

namespace heed::test {

namespace {

constexpr Variant variants[] = {
    {"handler", Reporting::handler, false, false},
    {"failing handler", Reporting::failing_handler, false, false},
    {"default handler", Reporting::default_handler, false, false},
    {"default handler, debug", Reporting::default_handler, true, false},
    {"runner", Reporting::handler, false, true},
    {"runner, debug, failing handler", Reporting::failing_handler, true, true},
};

// What the last resort writes to stderr, in a file.
class Stderr {
 public:
  Stderr() : file_(std::tmpfile()), original_(::dup(STDERR_FILENO)) { ::dup2(::fileno(file_), STDERR_FILENO); }
  Stderr(const Stderr&) = delete;
  Stderr& operator=(const Stderr&) = delete;
  ~Stderr() {
    ::dup2(original_, STDERR_FILENO);
    ::close(original_);
    std::fclose(file_);
  }
  void clear() {
    std::fflush(stderr);
    if (::ftruncate(::fileno(file_), 0) != 0) std::abort();
    ::lseek(::fileno(file_), 0, SEEK_SET);
  }
  std::string text() const {
    std::string all(static_cast<std::size_t>(::lseek(::fileno(file_), 0, SEEK_END)), '\0');
    if (::pread(::fileno(file_), all.data(), all.size(), 0) != static_cast<ssize_t>(all.size())) std::abort();
    return all;
  }
  int original() const noexcept { return original_; }

 private:
  std::FILE* file_;
  int original_;
};

void install_log() {
  set_log_sink([](const LogRecord& record) {
    witness.told(record.exception);
    witness.told(record.text);
  });
}

std::string what_is_wrong(const Witness& expected, long leaked, const std::string& text) {
  witness.told(text);
  const Witness& seen = witness;
  if (leaked != 0) return std::to_string(leaked) + " blocks were not freed";
  if (seen.unbalanced) return "the books do not balance";
  if (seen.open_at_close) return "something is open after close()";
  if (seen.stuck) return "the program waits for ever";
  for (std::size_t id = 0; id < Witness::failures; ++id) {
    if (seen.thrown[id] && !seen.seen[id]) return "failure #" + std::to_string(id) + " was told to nobody";
  }
  if (seen.bad_allocs == 0 && (seen.trace != expected.trace || seen.length != expected.length))
    return "something was not done, and nobody was told of std::bad_alloc";
  return "";
}

struct Options {
  int variant = -1;
  std::size_t allocation = 0;
  bool for_good = false;
};

// What runs now, for when it crashes.
char running[160];
int real_stderr = STDERR_FILENO;
void crashed(int number) {
  [[maybe_unused]] auto written = ::write(real_stderr, running, std::strlen(running));
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// Returns how many of the runs went wrong.
unsigned fail_each(const Variant& variant, bool for_good, const Options& options, Stderr& errors) {
  for (int i = 0; i < 2; ++i) run_program(variant);  // caches are filled
  Witness expected = witness;
  unsigned wrong = 0;
  std::size_t n = options.allocation != 0 ? options.allocation : 1;
  for (bool failed = true; failed && wrong < 10; ++n) {
    errors.clear();
    std::snprintf(running, sizeof running, "%s: allocation %zu fails%s: it crashed\n", variant.name, n,
                  for_good ? ", and all after it" : "");
    long live = live_blocks();
    {
      FailingMemory memory(n, for_good);
      run_program(variant);
      failed = FailingMemory::failed();
    }
    long leaked = live_blocks() - live;
    std::string text = errors.text();
    std::string problem = what_is_wrong(expected, leaked, text);
    if (!problem.empty()) {
      ++wrong;
      std::printf("%s: allocation %zu fails%s: %s\n%s", variant.name, n, for_good ? ", and all after it" : "",
                  problem.c_str(), text.c_str());
    }
    if (options.allocation != 0) break;
  }
  std::printf("%s%s: %zu allocations, %u wrong\n", variant.name, for_good ? ", for good" : "", n - 1, wrong);
  std::fflush(stdout);
  return wrong;
}

unsigned fail_timers(bool for_good) {
  unsigned wrong = 0;
  std::size_t n = 1;
  for (bool failed = true; failed && wrong < 10; ++n) {
    std::snprintf(running, sizeof running, "timers: allocation %zu fails%s: it crashed\n", n,
                  for_good ? ", and all after it" : "");
    long live = live_blocks();
    const char* problem = run_timers(n, for_good);
    failed = FailingMemory::failed();
    if (!problem && live_blocks() != live) problem = "blocks were not freed";
    if (!problem) continue;
    ++wrong;
    std::printf("timers: allocation %zu fails%s: %s\n", n, for_good ? ", and all after it" : "", problem);
  }
  std::printf("timers%s: %zu allocations, %u wrong\n", for_good ? ", for good" : "", n - 1, wrong);
  return wrong;
}

int run(const Options& options) {
  install_log();
  Stderr errors;
  real_stderr = errors.original();
  for (int number : {SIGABRT, SIGSEGV, SIGBUS}) std::signal(number, &crashed);
  unsigned wrong = 0;
  if (options.variant < 0 && options.allocation == 0) wrong += fail_timers(false) + fail_timers(true);
  for (int i = 0; i < static_cast<int>(std::size(variants)); ++i) {
    if (options.variant >= 0 && options.variant != i) continue;
    if (!options.for_good) wrong += fail_each(variants[i], false, options, errors);
    if (options.for_good || options.allocation == 0) wrong += fail_each(variants[i], true, options, errors);
  }
  return wrong == 0 ? 0 : 1;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view option = argv[i];
    if (option == "--for-good") {
      options.for_good = true;
    } else if (option == "--variant" && i + 1 < argc) {
      options.variant = std::atoi(argv[++i]);
    } else if (option == "--allocation" && i + 1 < argc) {
      options.allocation = std::strtoul(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: heed_memory [--variant K] [--allocation N] [--for-good]\n");
      std::exit(2);
    }
  }
  return options;
}

}  // namespace

}  // namespace heed::test

int main(int argc, char** argv) { return heed::test::run(heed::test::parse(argc, argv)); }

#include "landing/case.hpp"

#include <cstdlib>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

// Memory is allocated in a signal handler on purpose, and processes are made of one with threads.
extern "C" const char* __tsan_default_options() { return "report_signal_unsafe=0:die_after_fork=0"; }

namespace heed::landing {

namespace {

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

// Back to what was allowed when it ends.
struct Mode {
  explicit Mode(bool directly) { heed::detail::allow_direct_landing(directly); }
  Mode(const Mode&) = delete;
  Mode& operator=(const Mode&) = delete;
  ~Mode() { heed::detail::allow_direct_landing(true); }
};

// The end of a process that terminates: what it noted goes to its parent.
int to_parent = -1;
std::uint64_t landings_before = 0;

void write_all(const void* data, std::size_t size) {
  const auto* next = static_cast<const char*>(data);
  while (size > 0) {
    ssize_t written = ::write(to_parent, next, size);
    if (written <= 0) ::_exit(3);
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

[[noreturn]] void tell_parent(const char* how) {
  note(how, " uncaught=", std::uncaught_exceptions());
  if (std::exception_ptr current = std::current_exception()) {
    try {
      std::rethrow_exception(current);
    } catch (const std::exception& error) {
      note("of ", error.what());
    } catch (...) {
      note("of something");
    }
  }
  unsigned long landings = heed::detail::direct_landings() - landings_before;
  write_all(&landings, sizeof landings);
  write_all(trace().data(), trace().size());
  ::_exit(0);
}

Run run_in_child(const Case& one, bool directly) {
  int ends[2];
  if (::pipe(ends) != 0) return {"no pipe", 0};
  pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    to_parent = ends[1];
    Mode mode(directly);
    trace().clear();
    landings_before = heed::detail::direct_landings();
    std::set_terminate([] { tell_parent("terminated"); });
    one.run();
    tell_parent("returned");
  }
  ::close(ends[1]);
  std::string all;
  char buffer[4096];
  for (ssize_t size; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    all.append(buffer, static_cast<std::size_t>(size));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Run seen;
  if (all.size() < sizeof seen.landings) {
    seen.trace = WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                                     : "ended with " + std::to_string(WEXITSTATUS(status));
    return seen;
  }
  std::memcpy(&seen.landings, all.data(), sizeof seen.landings);
  seen.trace = all.substr(sizeof seen.landings);
  return seen;
}

}  // namespace

std::string& trace() noexcept {
  thread_local std::string text;
  return text;
}

const std::vector<Case>& all_cases() { return cases(); }

Registration::Registration(const Case& one) { cases().push_back(one); }

Run run_case(const Case& one, bool directly) {
  direct_landing();  // is tried out now
  if (one.ends == Ends::terminates) return run_in_child(one, directly);
  Mode mode(directly);
  trace().clear();
  std::uint64_t before = heed::detail::direct_landings();
  try {
    one.run();
  } catch (...) {
    note("LEFT THE CASE");
  }
  Run seen;
  seen.trace = trace();
  seen.landings = heed::detail::direct_landings() - before;
  if (std::uncaught_exceptions() != 0) seen.trace += "uncaught at the end";
  return seen;
}

std::string check_case(const Case& one, unsigned long* landings) {
  bool on = direct_landing().on;
  Run expected = run_case(one, false);
  Run first = run_case(one, true);
  Run second = run_case(one, true);
  if (landings) *landings += first.landings + second.landings;
  if (expected.trace.empty()) return "it noted nothing";
  bool terminated = expected.trace.find("terminated uncaught=") != std::string::npos;
  if (terminated != (one.ends == Ends::terminates)) return "it does not end as it says: " + expected.trace;
  if (expected.landings != 0) return "it landed directly where that is not allowed";
  for (const Run* seen : {&first, &second}) {
    if (seen->trace != expected.trace)
      return "unwinding: " + expected.trace + "\n    directly:  " + seen->trace +
             (seen == &first ? "" : "\n    (the second time)");
    if (on && one.lands == Lands::yes && seen->landings == 0) return "nothing landed directly";
    if (one.lands == Lands::never && seen->landings != 0) return "something landed directly";
  }
  return "";
}

}  // namespace heed::landing

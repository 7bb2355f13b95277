#include "stress/coverage.hpp"

#include <cinttypes>
#include <cstdio>

namespace heed::stress {

namespace {

const char* const happened_names[happened_kinds] = {"loops",
                                                    "iterations, stepped",
                                                    "tasks made by create_task",
                                                    "  eager",
                                                    "  from a callable",
                                                    "  in a given context",
                                                    "coroutine frames",
                                                    "  levels of chains",
                                                    "callbacks run",
                                                    "  that threw",
                                                    "calls of wait()",
                                                    "gathers made",
                                                    "operations refused as they should be",
                                                    "exceptions thrown or set",
                                                    "awaits of futures that gave a result",
                                                    "reports: never retrieved",
                                                    "reports: callback or destructor",
                                                    "reports: provisional",
                                                    "reports: pending task destroyed",
                                                    "reports: loop object gone",
                                                    "handlers that threw",
                                                    "default handlers that threw",
                                                    "destructors that threw: at return",
                                                    "destructors that threw: frame destroyed",
                                                    "interrupts that left the loop",
                                                    "books: failures raised",
                                                    "books: retrieved",
                                                    "books: reported",
                                                    "cancel() of one that is done",
                                                    "cancel() of the running task",
                                                    "cancel() of a task not begun, or ready",
                                                    "cancel() of a task: waits for a future",
                                                    "cancel() of a task: waits for a task",
                                                    "cancel() of a task: waits for a gather",
                                                    "cancel() of a task: sleeps",
                                                    "cancel() of a future",
                                                    "books: cancellations requested",
                                                    "books: delivered",
                                                    "books: completed anyway",
                                                    "books: withdrawn",
                                                    "books: merged",
                                                    "children of groups",
                                                    "groups that raised a group of failures",
                                                    "  failures in them",
                                                    "groups that were left and not joined",
                                                    "timeouts that expired",
                                                    "wait_for() that timed out",
                                                    "cancel scopes that caught their own",
                                                    "scopes that a cancellation left",
                                                    "scopes that a failure left",
                                                    "shields made",
                                                    "cancel() of a task: shielded",
                                                    "reports: body of a group",
                                                    "cancel() of a task: lock, queue ...",
                                                    "cancel() of a task: condition",
                                                    "locks, queues ...: waits that were served",
                                                    "  that were cancelled",
                                                    "  bodies that ran in a section",
                                                    "  released by others meanwhile",
                                                    "  operations refused as they should be",
                                                    "notifications",
                                                    "conditions: waits that were notified",
                                                    "  that were cancelled",
                                                    "  predicates asked",
                                                    "barriers that opened",
                                                    "  told that it is broken",
                                                    "items put into a queue",
                                                    "  got out of it",
                                                    "  told that it is shut down",
                                                    "tasks woken and cancelled at once",
                                                    "cleanups: plain",
                                                    "  when their coroutine was destroyed",
                                                    "  awaited, and handlers",
                                                    "failures that on_error() handled",
                                                    "failures replaced by that of a cleanup",
                                                    "reports: replaced, or left behind",
                                                    "generators made",
                                                    "  values",
                                                    "  iterated to the end",
                                                    "  failed in a step or in aclose()",
                                                    "  aclose()",
                                                    "  got GeneratorExit",
                                                    "  awaited at their end",
                                                    "  dropped at a co_yield",
                                                    "  dropped while they ran",
                                                    "  left open",
                                                    "  taken up by another one",
                                                    "  closed by a shutdown",
                                                    "  failed then",
                                                    "as_completed(): futures",
                                                    "  given",
                                                    "  left before the end",
                                                    "  timed out",
                                                    "  steps cancelled",
                                                    "races",
                                                    "  racers that began",
                                                    "  won",
                                                    "  lost by all",
                                                    "  losers of those that were won",
                                                    "gathers that cancel the rest",
                                                    "  groups that they raised",
                                                    "groups given to match()"};

void line(std::string& text, const char* name, std::uint64_t count) {
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, "  %-40s %14" PRIu64 "\n", name, count);
  text += buffer;
}

template <class Kind, std::size_t N>
void section(std::string& text, const char* title, const std::array<std::uint64_t, N>& counts) {
  text += std::string(title) + "\n";
  for (std::size_t i = 0; i < N; ++i)
    if (counts[i] != 0) line(text, to_string(static_cast<Kind>(i)), counts[i]);
}

}  // namespace

std::string Coverage::table() const {
  std::string text;
  section<ActionKind>(text, "actions", actions);
  section<StepKind>(text, "steps", steps);
  section<Guard>(text, "what was done with the exception of a step", guarded);
  section<Style>(text, "awaits of futures, tasks and gathers", styles);
  section<ErrorKind>(text, "exceptions", errors);
  text += "what happened\n";
  for (std::size_t i = 0; i < happened_kinds; ++i) line(text, happened_names[i], happened[i]);
  return text;
}

}  // namespace heed::stress

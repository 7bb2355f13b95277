// How often each kind of thing happened, over all programs of a run.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "stress/program.hpp"

namespace heed::stress {

enum class Happened : std::uint8_t {
  loops,
  iterations,
  tasks,
  task_eager,
  task_from_callable,
  task_in_context,
  frames,
  chain_frames,
  callbacks_run,
  callbacks_threw,
  waits,
  gathers_made,
  library_refused,
  failures_thrown,
  delivered,
  reported_unread,
  reported_by_callback,
  reported_provisionally,
  reported_pending,
  reported_without_loop,
  handler_threw,
  default_handler_threw,
  destructor_threw_at_return,
  destructor_threw_when_destroyed,
  interrupts,
  failures_raised,  // from the books
  failures_retrieved,
  failures_reported,
  cancelled_done,
  cancelled_itself,
  cancelled_ready,
  cancelled_in_future,
  cancelled_in_task,
  cancelled_in_gather,
  cancelled_in_sleep,
  cancelled_plain_future,
  cancels_requested,
  cancels_delivered,
  cancels_completed_anyway,
  cancels_withdrawn,
  failures_merged,
  children,
  groups_raised,
  failures_in_groups,
  groups_abandoned,
  timeout_expired,
  wait_for_timed_out,
  region_caught,
  scope_cancelled,
  scope_failed,
  shields_made,
  cancelled_in_shield,
  reported_of_body,
  cancelled_in_sync,
  cancelled_in_condition,
  sync_waited,
  sync_cancelled,
  sync_sections,
  sync_lost,
  sync_refused,
  notifications,
  conditions_met,
  conditions_cancelled,
  predicates_asked,
  barriers_passed,
  barriers_broken,
  items_put,
  items_got,
  queues_shut,
  cancelled_when_called,
  cleanup_plain,
  cleanup_when_destroyed,
  cleanup_awaited,
  handled,
  failures_replaced,
  reported_replaced,
  generators_made,
  generated_values,
  generators_ended,
  generators_failed,
  generators_closed,
  generators_told,
  generators_cleaned_up,
  generators_dropped,
  generators_dropped_running,
  generators_left_open,
  generators_taken_up,
  generators_shut_down,
  generators_failed_to_close,
  completions_watched,
  completions_given,
  completions_left,
  completions_timed_out,
  completions_cancelled,
  races,
  racers,
  races_won,
  races_lost,
  racers_lost,
  rest_gathers,
  rest_groups,
  groups_matched,
};
inline constexpr std::size_t happened_kinds = 102;

struct Coverage {
  std::array<std::uint64_t, action_kinds> actions{};
  std::array<std::uint64_t, step_kinds> steps{};
  std::array<std::uint64_t, guards> guarded{};
  std::array<std::uint64_t, 4> styles{};
  std::array<std::uint64_t, error_kinds> errors{};
  std::array<std::uint64_t, happened_kinds> happened{};

  void count(ActionKind kind) { ++actions[static_cast<std::size_t>(kind)]; }
  void count(StepKind kind) { ++steps[static_cast<std::size_t>(kind)]; }
  void count(Guard guard) { ++guarded[static_cast<std::size_t>(guard)]; }
  void count(Style style) { ++styles[static_cast<std::size_t>(style)]; }
  void count(ErrorKind kind) { ++errors[static_cast<std::size_t>(kind)]; }
  void count(Happened what, std::uint64_t times = 1) { happened[static_cast<std::size_t>(what)] += times; }

  std::string table() const;
};

// Of this process.
inline Coverage coverage;

}  // namespace heed::stress

// A random program, as data: what its coroutines, callbacks and its main function do. The same data run the same way
// every time, and parts of them can be taken out (shrink.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "stress/errors.hpp"

namespace heed::stress {

using Index = std::uint16_t;
inline constexpr Index no_index = 0xffff;
inline constexpr unsigned slots = 8;  // handles that the whole program shares

// What happens at once, in a coroutine, a callback, a destructor, an exception handler or outside of the loop.
enum class ActionKind : std::uint8_t {
  nothing,
  spawn,           // create_task(body) into the slot
  make_future,     // create_future() into the slot
  gather_handles,  // gather() of what some slots hold, into the slot
  gather_bodies,   // gather() of new coroutines, into the slot
  drop,            // the handle in the slot
  copy,            // the handle in the slot to another one
  cancel,
  cancel_running,  // the task that runs
  cancel_everything,
  uncancel,
  set_result,
  set_exception,
  read_result,
  read_exception,
  query,  // done(), cancelled(), name(), await_chain() ...: must not count as reading
  add_callback,
  remove_callback,  // by its id
  remove_equal,     // by its function
  call_soon,
  call_later,
  call_threadsafe,
  cancel_call,     // a Handle
  drop_coroutine,  // one that was never awaited
  stop,
  group_spawn,    // a child of a group that is open; with the flag, of the innermost one of the running task
  group_cancel,   // such a group
  region_cancel,  // a CancelScope that is open
  reschedule,     // a Timeout, or the deadline of a CancelScope
  shield,         // the handle in the slot, into another one
  event_set,      // from here on: of the loop's locks, queues and so on the one with the slot's number
  event_clear,
  notify,  // a condition
  lock_release,
  semaphore_release,
  token_release,
  put_nowait,
  get_nowait,
  task_done,
  queue_shutdown,
  barrier_abort,
  barrier_reset,
  limiter_total,
  rest_handles,    // gather(cancel_rest) of what some slots hold, into the slot
  rest_bodies,     // the same of new coroutines
  drop_generator,  // one that was left open
};
inline constexpr std::size_t action_kinds = 46;
const char* to_string(ActionKind kind) noexcept;

// How a task is made.
struct SpawnWay {
  bool named = false;
  bool eager = false;
  bool callable = false;  // from a lambda
  bool callable_throws = false;
  bool returns_void = false;
  bool blows = false;        // its result throws when it is moved into the task
  bool keep = true;          // else the handle is dropped at once
  std::uint8_t context = 0;  // 0: a copy, 1: in one that is given, 2: in that of the running task
};

struct Action {
  ActionKind kind = ActionKind::nothing;
  std::uint8_t slot = 0;
  std::uint8_t other = 0;   // slot, or which handle
  std::uint8_t amount = 0;  // milliseconds, how many ...
  bool flag = false;        // gather: return_exceptions
  ErrorKind error = ErrorKind::custom;
  SpawnWay spawn;
  Index body = no_index;
  Index callback = no_index;
};

struct Callback {
  std::vector<Index> actions;
  bool throws = false;
  ErrorKind error = ErrorKind::custom;
};

// What may suspend.
enum class StepKind : std::uint8_t {
  nothing,
  action,
  call,        // await a body
  await_slot,  // await the future or task in a slot
  await_new,   // await what an action makes: a task, a gather, a future
  wait,        // heed::wait() for several slots
  sleep,
  turn,   // yield_now()
  fail,   // throw
  chain,  // a deep chain of coroutines
  group,  // these run a body in a scope
  joined,
  timeout,
  wait_for_body,
  wait_for_slot,
  region,
  shielded,
  with_lock,  // these run a body while they hold something
  with_semaphore,
  with_limiter,
  event_wait,
  condition_wait,
  condition_notify,
  barrier_wait,
  queue_put,
  queue_get,
  queue_join,
  finally,  // these run a body and what cleans up after it
  with,
  on_error,
  generate,          // iterates over a generator
  close_generators,  // shutdown_asyncgens()
  completed,         // as_completed() for several slots
  race,              // staggered_race()
};
inline constexpr std::size_t step_kinds = 34;
const char* to_string(StepKind kind) noexcept;

enum class Style : std::uint8_t { lvalue, rvalue, outcome, pass };
const char* to_string(Style style) noexcept;

// What the body that makes a step does with its exception.
enum class Guard : std::uint8_t { open, pass, outcome, swallow, only_std, rethrow, transform, rethrow_later };
inline constexpr std::size_t guards = 8;
const char* to_string(Guard guard) noexcept;

struct Step {
  StepKind kind = StepKind::nothing;
  Guard guard = Guard::open;
  Style style = Style::lvalue;
  std::uint8_t slot = 0;
  std::uint8_t mode = 0;   // wait: which; chain: how its levels await; await_slot: 1 takes the handle out
  std::uint8_t count = 0;  // wait: for how many more slots
  bool timeout = false;    // wait, scopes: with one; fail: after a turn; chain: its leaf throws
  bool bomb = false;       // a local of the step throws in its destructor
  ErrorKind error = ErrorKind::custom;
  Index amount = 0;  // milliseconds, depth
  Index body = no_index;
  Index action = no_index;
  Index second = no_index;  // a body that cleans up, or runs in a race
};

struct Body {
  std::vector<Step> steps;
  bool bomb = false;
  bool fails = false;  // throws instead of returning
  ErrorKind error = ErrorKind::custom;
  Index at_exit = no_index;  // an action in a destructor
  Index cleanup = no_index;  // body that is awaited between a failure and its rethrow
};

// What the exception handler does about its n-th report.
enum class Reaction : std::uint8_t { none, fail, stop, keep, read, act, unset };
struct Response {
  Reaction reaction = Reaction::none;
  ErrorKind error = ErrorKind::custom;
  std::uint8_t slot = 0;
  Index action = no_index;
};

enum class Mode : std::uint8_t { stepped, until_complete, runner };
const char* to_string(Mode mode) noexcept;

// One loop, from its creation to its end.
struct LoopPlan {
  Mode mode = Mode::stepped;
  bool debug = false;
  bool handler = true;           // else default_exception_handler() is told
  bool default_fails = false;    // ... and throws, sometimes
  bool renders = false;          // ... and makes the text of the report
  bool factory = false;          // a task factory that names tasks
  bool eager = false;            // eager_task_factory()
  bool drop_before_end = false;  // the handles go before the loop object, not after
  bool unclosed = false;         // the loop is closed by its destructor
  std::uint8_t grace = 0;        // unretrieved_grace: 0 none, 1 short, 2 default
  Index first = no_index;        // body of the main task
  Index second = no_index;       // of a second one, or none
  std::vector<Response> responses;
  std::vector<Index> between;  // actions outside of the loop, while it lives
  std::vector<Index> after;    // when it is closed
};

struct Program {
  std::uint64_t seed = 0;
  std::vector<Body> bodies;
  std::vector<Action> actions;
  std::vector<Callback> callbacks;
  std::vector<LoopPlan> loops;
};

// One line for each step, action and so on that is not `nothing`.
std::string listing(const Program& program);

}  // namespace heed::stress

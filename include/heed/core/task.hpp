// Tasks: coroutines that the loop runs.
#pragma once

#include <concepts>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "heed/core/future.hpp"
#include "heed/core/leaf.hpp"
#include "heed/core/task_state.hpp"

namespace heed {

// A task whatever its type.
class AnyTask : public AnyFuture {
 public:
  AnyTask() noexcept = default;

  // "Task-7" unless it was given one.
  std::string name() const { return task_state().name(); }
  void set_name(std::string name) const { task_state().set_name(std::move(name)); }
  // Unique in the process.
  std::uint64_t id() const { return task_state().id(); }

  // How many cancellations were requested and not taken back (asyncio's count for structured concurrency).
  int cancelling() const { return task_state().cancelling(); }
  // Takes one request back and returns how many are left; at 0 a request that was not delivered yet is withdrawn.
  int uncancel() const { return task_state().uncancel(); }

  // The context it runs in.
  Context context() const { return task_state().context(); }
  // Where it is suspended: every coroutine from the innermost to its root. Empty when it runs or is done.
  AwaitChain await_chain() const { return task_state().await_chain(); }
  // Who created it, who created that one, and so on.
  std::vector<Creator> creators() const { return task_state().creators(); }
  std::source_location created_at() const { return task_state().created_at(); }

  static AnyTask share(detail::FutureState& state) noexcept { return AnyTask(&state); }

 private:
  explicit AnyTask(detail::FutureState* state) noexcept : AnyFuture(state) {}
  detail::TaskState& task_state() const { return static_cast<detail::TaskState&>(state()); }
};

namespace detail {

template <class T>
class TaskOf final : public TaskState {
 public:
  using TaskState::TaskState;
  ~TaskOf() override {
    if (has_value()) std::destroy_at(&slot_.value);
  }
  Slot<Stored<T>> slot_;

 private:
  void take_value(PromiseBase& root) override {
    std::construct_at(&slot_.value, static_cast<PromiseWithValue<T>&>(root).take_value());
  }
};

template <class T>
Stored<T>& stored_value(FutureState& state) noexcept {
  return state.is_task() ? static_cast<TaskOf<T>&>(state).slot_.value : static_cast<FutureOf<T>&>(state).slot_.value;
}

}  // namespace detail

// A shared handle to a scheduled coroutine. A Future as well: await it any number of times, from anywhere in its loop.
// The loop keeps a running task alive: dropping the handle detaches it. A failure is then reported when the task ends.
//
// On cancel of an awaiting task: the request goes to the task that it awaits, and comes back as that one's
// CancelledError; if it refuses, the awaiting task goes on.
template <class T = void>
class Task : public Future<T> {
 public:
  Task() noexcept = default;

  std::string name() const { return any().name(); }
  void set_name(std::string name) const { any().set_name(std::move(name)); }
  std::uint64_t id() const { return any().id(); }
  int cancelling() const { return any().cancelling(); }
  int uncancel() const { return any().uncancel(); }
  Context context() const { return any().context(); }
  AwaitChain await_chain() const { return any().await_chain(); }
  std::vector<Creator> creators() const { return any().creators(); }
  std::source_location created_at() const { return any().created_at(); }

  operator AnyTask() const { return any(); }

  template <class F>
  CallbackId add_done_callback(F function) {
    return this->template add_callback<Task>(std::move(function));
  }

  static Task share(detail::FutureState& state) noexcept { return Task(&state); }

 private:
  explicit Task(detail::FutureState* state) noexcept : Future<T>(state) {}
  AnyTask any() const { return AnyTask::share(this->state()); }
};

// How a task is made. A value with a name for each option: `named("fetch").eager()`, `in_context(c)`.
class TaskOptions {
 public:
  TaskOptions() = default;

  TaskOptions named(std::string name) && {
    set_name(std::move(name));
    return std::move(*this);
  }
  TaskOptions in_context(Context context) && {
    set().context = std::move(context);
    return std::move(*this);
  }
  TaskOptions eager(bool on = true) && {
    set_eager(on);
    return std::move(*this);
  }

  // Empty: the task gets "Task-<id>".
  std::string name() const { return chosen_ ? chosen_->name : std::string(); }
  void set_name(std::string name) { set().name = std::move(name); }
  // Unset: a copy of the current one.
  std::optional<Context> context() const { return chosen_ ? chosen_->context : std::nullopt; }
  bool is_eager() const noexcept { return chosen_ && chosen_->eager; }
  void set_eager(bool on) { set().eager = on; }

  bool all_default() const noexcept { return !chosen_; }

 private:
  struct Chosen {
    std::string name;
    std::optional<Context> context;
    bool eager = false;
  };
  Chosen& set() {
    if (!chosen_) chosen_.reset(new Chosen);
    return *chosen_;
  }
  struct DropChosen {
    void operator()(Chosen* chosen) const noexcept;  // not inline: most have none
  };
  std::unique_ptr<Chosen, DropChosen> chosen_;  // most tasks need none: one word to pass instead of nine
};

inline TaskOptions named(std::string name) { return TaskOptions().named(std::move(name)); }
// The task runs in this very context, not in a copy.
inline TaskOptions in_context(Context context) { return TaskOptions().in_context(std::move(context)); }
// The body runs inside create_task() up to its first suspension (Python 3.12).
inline TaskOptions eager() { return TaskOptions().eager(); }

namespace detail {

// The running loop, for a new task or future. Throws std::runtime_error "no running event loop".
[[noreturn]] void no_running_loop();
inline Scheduler& scheduler_for_new_task() {
  if (!running_scheduler) [[unlikely]]
    no_running_loop();
  return *running_scheduler;
}
// Throws when the loop is closed, or, in debug mode, on another thread.
void check_start(Scheduler& scheduler);
// The task factory, the options, and off it goes.
void start_task(TaskState& task, TaskOptions& options, RegionState* region);

// Of the one that creates a task for the loop.
ContextRef copy_of_creators_context(const Scheduler& scheduler);
const Lineage* creators_lineage(const Scheduler& scheduler);

// Not inline: create_task() would save registers for it even where make_plain_task() is enough.
template <class T>
[[gnu::noinline]] Task<T> make_task(Scheduler& scheduler, Coro<T>&& coro, TaskOptions&& options,
                                    std::source_location where, RegionState* region = nullptr) {
  bool careful = scheduler.careful_start;
  if (careful) [[unlikely]]
    check_start(scheduler);
  PromiseBase& root = CoroAccess::promise(coro);  // which `coro` owns as long as something can throw
  ContextRef context = copy_of_creators_context(scheduler);
  auto* state = new TaskOf<T>(scheduler, root, where, creators_lineage(scheduler));
  CoroAccess::take(coro);
  state->shared_context() = std::move(context);
  Task<T> task = Task<T>::share(*state);
  if (careful || region || !options.all_default()) {
    start_task(*state, options, region);
  } else {
    state->start(scheduler);
  }
  return task;
}

// What most tasks are: created in a task that has created others, with no options, values in its context or anything
// unusual going on. There is nothing to do but to store some words then, nothing fails and nothing is called: half the
// instructions. Null when it is not as simple as that.
template <class T>
[[gnu::always_inline]] inline TaskOf<T>* make_plain_task(Coro<T>& coro, const TaskOptions& options,
                                                         const std::source_location& where) noexcept {
  Scheduler* scheduler = running_scheduler;
  if (!scheduler || scheduler->careful_start || !options.all_default() || context_slot) return nullptr;
  if (!CoroAccess::awaitable(coro) || task_ids.used_up()) return nullptr;
  const TaskState* creator = scheduler->current_task;
  const Lineage* line = creator ? creator->plain_lineage() : nullptr;
  void* block = line ? Pool::take(sizeof(TaskOf<T>)) : nullptr;
  if (!block) return nullptr;
  PromiseBase& root = CoroAccess::take(coro);
  auto* state = std::construct_at(static_cast<TaskOf<T>*>(block), *scheduler, root, where, line);
  state->start(*scheduler);
  return state;
}

// The callable lives in this coroutine's frame until its own coroutine ends.
template <class T, class F>
Coro<T> call_and_keep(F function) {
  co_return co_await pass(function());
}

template <class F>
concept CoroutineFunction = std::invocable<F&> && IsCoro<std::invoke_result_t<F&>>::value;
template <CoroutineFunction F>
using CoroutineValue = typename std::invoke_result_t<F&>::value_type;

}  // namespace detail

// Schedules `coro` on the running loop; its body begins in the next iteration. Throws std::runtime_error when no loop
// runs or the loop is closed; the coroutine is destroyed then.
template <class T>
Task<T> create_task(Coro<T> coro, TaskOptions options = {},
                    std::source_location where = std::source_location::current()) {
  if (auto* task = detail::make_plain_task(coro, options, where)) [[likely]]
    return Task<T>::share(*task);
  return detail::make_task(detail::scheduler_for_new_task(), std::move(coro), std::move(options), where);
}

// The same for a callable that makes the coroutine, which is kept alive until the coroutine ends.
template <detail::CoroutineFunction F>
auto create_task(F function, TaskOptions options = {}, std::source_location where = std::source_location::current()) {
  detail::require_callable(function, "create_task");
  return create_task(detail::call_and_keep<detail::CoroutineValue<F>>(std::move(function)), std::move(options), where);
}

// The same for whatever else can be awaited: `create_task(queue.get())`.
template <detail::LeafAwaitable A>
auto create_task(A awaitable, TaskOptions options = {}, std::source_location where = std::source_location::current()) {
  return create_task(as_coro(std::move(awaitable)), std::move(options), where);
}

// asyncio's ensure_future: a future or task is returned as it is, a coroutine becomes a task.
template <class T>
Future<T> ensure_future(Future<T> future) {
  return future;
}
template <class T>
Task<T> ensure_future(Task<T> task) {
  return task;
}
template <class T>
Task<T> ensure_future(Coro<T> coro, std::source_location where = std::source_location::current()) {
  return create_task(std::move(coro), {}, where);
}

// The task behind a future handle, as in a report's `future`; invalid when it is a plain future.
inline AnyTask as_task(const AnyFuture& future) {
  return future.is_task() ? AnyTask::share(future.state()) : AnyTask();
}

// The running task; invalid in a plain callback. Throws std::runtime_error when no loop runs.
AnyTask current_task();

// In a handler: adds a line to what is reported about the exception that is being handled, if it escapes from this task
// before the task is suspended again. Python's BaseException.add_note(), kept beside the exception.
// Throws std::logic_error when no exception is handled, std::runtime_error when no loop runs.
void add_note(std::string note);

template <class T>
detail::FutureAsResult<T> as_result(Task<T> task) {
  return detail::FutureAsResult<T>(std::move(task));
}
template <class T>
detail::PassingFuture<T> pass(Task<T> task) {
  return detail::PassingFuture<T>(std::move(task));
}

}  // namespace heed

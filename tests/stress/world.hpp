// A random program that runs: its handles, its loop, and what its coroutines and callbacks do.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "heed/core/event_loop.hpp"
#include "heed/failure/log.hpp"
#include "heed/flow/gather.hpp"
#include "heed/flow/staggered_race.hpp"
#include "stress/coverage.hpp"
#include "stress/flow_records.hpp"
#include "stress/oracle.hpp"
#include "stress/program.hpp"
#include "stress/schedule.hpp"
#include "stress/scopes.hpp"
#include "stress/value.hpp"
#include "stress/virtual_loop.hpp"

namespace heed::stress {

using PairGather = Future<std::tuple<Value, std::monostate>>;
using PairOutcomes = Future<std::tuple<Outcome<Value>, Outcome<void>>>;
using ListGather = Future<std::vector<Value>>;
using ListOutcomes = Future<std::vector<Outcome<Value>>>;
using NestedGather = Future<std::tuple<std::vector<Outcome<Value>>, Value>>;
using AnyHandle = std::variant<std::monostate, Task<Value>, Task<void>, Future<Value>, Future<void>, PairGather,
                               PairOutcomes, ListGather, ListOutcomes, NestedGather, AnyFuture>;

// A handle, and the cell that it is about.
struct Entry {
  AnyHandle handle;
  CellId cell = nobody;

  bool empty() const noexcept { return handle.index() == 0; }
  // Null for an empty one.
  const AnyFuture* any() const noexcept {
    return std::visit(
        [](const auto& h) -> const AnyFuture* {
          if constexpr (std::derived_from<std::decay_t<decltype(h)>, AnyFuture>) {
            return &h;
          } else {
            return nullptr;
          }
        },
        handle);
  }
};

class SyncPool;

class World {
 public:
  World(const Program& what, bool tracing);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Program& program;
  const LoopPlan* plan = nullptr;  // of the current loop
  Oracle oracle;
  VirtualClock clock;
  Scopes scopes{oracle, clock};
  Schedule schedule{oracle, clock, scopes};
  EventLoop* loop = nullptr;  // null between two of them
  bool closing = false;       // without a runner: nothing of it runs any more
  bool running() const noexcept { return loop && loop->is_running(); }

  // --- actions.cpp -----------------------------------------------------------------------------------------------
  // Does it, and catches what the library throws about it. `about`: the future that a done callback is about.
  void act(Index action, const Entry* about = nullptr) noexcept;
  void run_callback(Index callback, Schedule::CallId call, int context, const Entry* about);
  // The wait of a coroutine ended without, or with an exception.
  void resumed(FrameId frame);
  void not_resumed();
  void put(unsigned slot, Entry entry);
  void drop_all();
  const Entry& slot(unsigned number) const { return pool_[number % slots]; }
  Entry take(unsigned number) { return std::exchange(pool_[number % slots], Entry()); }
  ErrorId new_error(ErrorKind& kind);
  // A new task, a gather or a future, as the action says. Empty when the program has grown too large.
  Entry make(const Action& action, bool& may_refuse);

  // --- bodies.cpp ------------------------------------------------------------------------------------------------
  Coro<Value> body(Token token, FrameId frame, Index index, int context);
  Coro<void> void_body(Token token, FrameId frame, Index index, int context);

  // --- scope_steps.cpp -------------------------------------------------------------------------------------------
  // Somebody's wait for time or for his turn ended with a cancellation.
  void cancelled_while_idle();

  // --- sync_steps.cpp --------------------------------------------------------------------------------------------
  // The locks, queues and so on of the current loop.
  SyncPool& sync() noexcept { return *sync_pools_.back(); }
  void make_sync_pool();
  // A task that waits for one of them.
  void cancel_waiting(std::uint64_t task);
  Coro<void> pause(Token token, FrameId frame, const Step& step);
  bool grow() noexcept { return started_ < 150 && (++started_, ++progress_, true); }

  // --- cleanup_steps.cpp -----------------------------------------------------------------------------------------
  void clean_now(Cleaning& cleaning, const Step& planned);
  Coro<Value> clean(Cleaning& cleaning, const Step& planned, int context);
  Value handle_now(Cleaning& cleaning, const Step& planned, int number);
  Coro<Value> handle(Cleaning& cleaning, const Step& planned, int number, int context);

  // --- generator_steps.cpp ---------------------------------------------------------------------------------------
  unsigned next_generator() noexcept { return ++generators_begun_; }
  void note_idle_generators();
  void check_generators(bool interrupted);

  // --- makers.cpp ------------------------------------------------------------------------------------------------
  void check_rests();
  // A group that a gather has raised is seen for the first time.
  ErrorId gather_group_seen(const std::exception_ptr& exception);

  // --- reports.cpp -----------------------------------------------------------------------------------------------
  void handler_told(const ErrorContext& context);
  void default_handler_told(StressLoop& told, const ErrorContext& context);
  void log_told(const LogRecord& record);

  // --- noting what was seen --------------------------------------------------------------------------------------
  void got(CellId, const std::monostate&) {}
  void got(CellId cell, const Value& value) { oracle.got_value(cell, value.origin()); }
  template <class... Ts>
  void got(CellId cell, std::tuple<Ts...>& values) {
    std::size_t i = 0;
    std::apply([&](auto&... value) { (got(oracle.child(cell, i++), value), ...); }, values);
  }
  template <class T>
  void got(CellId cell, std::vector<T>& values) {
    std::size_t i = 0;
    for (T& value : values) got(oracle.child(cell, i++), value);
  }
  template <class T>
  void got(CellId cell, Outcome<T>& outcome) {
    if (outcome.exception()) {
      if (cell != nobody) oracle.caught(Source::cell(cell), identify(outcome.exception()));
    } else if constexpr (!std::is_void_v<T>) {
      got(cell, outcome.value());
    }
  }

  void came(CellId cell) {
    if (cell != nobody) oracle.note_value(cell);
  }
  void check() {
    if (loop) oracle.check_books(loop->failures());
  }
  // Changes as long as something happens.
  std::uint64_t progress() const noexcept { return progress_; }

 private:
  void perform(const Action& action, const Entry* about, bool& may_refuse);
  Entry spawn(const Action& action, ScopeId group = nobody);
  Entry gather_handles(const Action& action, bool& may_refuse);
  Entry gather_bodies(const Action& action);
  void read_result(Entry entry);
  void read_exception(const AnyFuture& future, CellId cell);
  void cancel(AnyFuture future, CellId cell);
  void cancel_task(AnyTask task, const char* message);
  void uncancel(const AnyFuture& future, CellId cell);
  void settle_future(const Entry& entry, const Action& action, bool& may_refuse);
  void add_callback(const Entry& entry, const Action& action);
  Entry make_gather(auto gathering, std::vector<CellId> children);

  Coro<void> step(FrameId frame, const Step& step, int context);
  Coro<void> call(Token token, FrameId frame, Index index, Style style, bool bomb, int context);
  Coro<void> await_entry(FrameId frame, Entry entry, const Step& step);
  template <class F>
  Coro<void> await_future(Token token, FrameId frame, F future, CellId cell, Style style, bool bomb);
  Coro<void> wait_for(Token token, FrameId frame, std::vector<AnyFuture> futures, const Step& step);
  Coro<void> fail(Token token, FrameId frame, const Step& step);
  Coro<void> deep(Token token, FrameId frame, const Step& step);

  Coro<Value> scope_body(Token token, FrameId frame, ScopeId scope, Index index, int context);
  Coro<void> void_scope_body(Token token, FrameId frame, ScopeId scope, Index index, int context);
  Coro<void> in_timeout(Token token, FrameId frame, const Step& step, int context);
  Coro<void> in_region(Token token, FrameId frame, const Step& step, int context);
  Coro<void> in_group(Token token, FrameId frame, const Step& step, int context);
  Coro<void> joined_group(Token token, FrameId frame, const Step& step, int context);
  Coro<void> wait_for_entry(FrameId frame, Entry entry, const Step& step);
  template <class F>
  Coro<void> wait_for_future(Token token, FrameId frame, F future, CellId cell, const Step& step);
  ScopeEnd end_of_scope(const std::exception_ptr& out, bool& fresh);
  ScopeEnd end_of_group(ScopeId scope, const std::exception_ptr& out);
  void body_landed(FrameId body, const Scope& scope);
  void leave_scope(FrameId frame, const ScopeEnd& end);
  AnyTask task_of(CellId cell) const;
  AnyTask task_with(TaskId id) const;
  std::vector<TaskId> unfinished() const;
  ScopeId pick_scope(ScopeKind kind, const Action& action) const;
  void spawn_in_group(const Action& action);
  void cancel_group(const Action& action);
  void cancel_region(const Action& action);
  void reschedule(const Action& action);
  void shield_entry(const Action& action);
  Coro<Value> chain(Token token, FrameId frame, unsigned depth, const Step& step);

  Entry rest_handles(const Action& action, bool& may_refuse);
  Entry rest_bodies(const Action& action);
  void check_match(const std::exception_ptr& exception);

  Coro<Value> noted_body(Token token, FrameId frame, ScopeEnd& end, Index index, int context);
  Coro<Value> start_cleaned(Cleaning& cleaning, FrameId frame, const Step& step, int context);
  Coro<Value> start_handled(Cleaning& cleaning, FrameId frame, const Step& step, int context);
  Coro<Value> start_with(Cleaning& cleaning, FrameId frame, const Step& step, int context);
  Coro<void> in_cleanup(Token token, FrameId frame, const Step& step, int context);
  void check_handled(Cleaning& cleaning, unsigned handlers, const ScopeEnd& end);
  void check_cleaned(Cleaning& cleaning, const ScopeEnd& end);
  bool note_replaced(const std::exception_ptr& exception);
  void leave_step(FrameId frame, const ScopeEnd& end);

  AsyncGenerator<Value> generator(Token token, GeneratorId id, const Step& step);
  Coro<void> start_generator(FrameId frame, const Step& step);
  Coro<void> in_generator(Token token, FrameId frame, GeneratorId id, const Step& step);
  Coro<void> close_generator(Token token, FrameId frame, GeneratorId id);
  Coro<void> close_all_generators(Token token, FrameId frame);
  void asked_to_close(Generated& generated);
  void note_failed_close(Generated& generated, Thrown thrown);
  ScopeEnd end_of_generator(Generated& generated, std::exception_ptr out);
  void check_item(Generated& generated, std::uint32_t origin);
  void drop_generator(const Action& action);
  bool note_ignored_exit(const std::exception_ptr& exception);

  struct Completed;
  struct Race;
  Coro<void> start_completed(FrameId frame, const Step& step);
  void watch(const Ref<Completed>& completed, FrameId frame, const Step& step);
  void step_failed(Completed& completed, FrameId frame, const Step& step, const std::exception_ptr& failure);
  void step_gave(Completed& completed, const Step& step, AnyFuture& handle);
  Coro<void> in_completed(Token token, FrameId frame, Ref<Completed> completed, const Step& step);
  Coro<void> in_race(Token token, FrameId frame, const Step& step);
  Coro<Value> racer(Token token, FrameId frame, Race& race, std::size_t index, Index body, int context);
  const char* race_overdue(const Race& race, Duration timeout);
  void check_winner(const Race& race, const RaceResult<Value>& result);
  ScopeEnd end_of_race(const Race& race, const std::exception_ptr& out);

  CellId note_report(const ErrorContext& context);
  void respond(const ErrorContext& context, CellId cell);
  void note_body(Thrown thrown);

  std::array<Entry, slots> pool_;
  std::vector<std::unique_ptr<SyncPool>> sync_pools_;  // one for each loop
  std::deque<Generated> generators_;
  std::vector<Cleaning*> cleanings_;  // that are under way
  std::multiset<TaskId> racing_;      // who waits for a race
  unsigned generators_begun_ = 0;
  FrameId cut_close_ = nobody;     // the generator whose end ended the last shutdown that was cut short
  unsigned shutdown_cut_ = 0;      // the loop whose runner could not close all of them
  CellId shutdown_cell_ = nobody;  // the runner's task that closes them
  AnyFuture registered_;           // where a done callback was added, and which
  CallbackId registration_{};
  Schedule::CallId registered_call_ = nobody;
  Handle call_;
  Schedule::CallId call_id_ = nobody;
  std::uint64_t progress_ = 0;
  unsigned started_ = 0;
  unsigned callbacks_ = 0;
  unsigned reports_ = 0;
  unsigned responding_ = 0;
  bool exit_used_ = false;
  bool rendering_ = false;
};

// The context variable that follows tasks and callbacks.
int context_value();
void set_context_value(int value);

}  // namespace heed::stress

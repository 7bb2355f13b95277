#include <utility>

#include "heed/core/loop_core.hpp"
#include "heed/failure/exceptions.hpp"
#include "stress/moment.hpp"
#include "stress/sync_steps.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

ContextVar<int> variable("stress", -1);

// A callback of the loop, or a done callback. Equal when they are the same callback of the program.
struct Call {
  // To look for equal ones.
  Call(World& w, Index i, CellId c) : world(&w), index(i), cell(c), context(context_value()), token(1) {}
  Call(World& w, Index i, CellId c, Queue queue, TimePoint due, bool certain) : Call(w, i, c) {
    id = world->schedule.new_call(queue, cell, due, certain);
    world->schedule.name_callback(id, index);
    world->schedule.call_copied(id);
  }
  Call(const Call& other)
      : world(other.world),
        index(other.index),
        cell(other.cell),
        id(other.id),
        context(other.context),
        token(other.token) {
    if (id != nobody) world->schedule.call_copied(id);
  }
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (id != nobody) world->schedule.call_destroyed(id, world->running() && !world->oracle.violated());
  }
  void operator()() { world->run_callback(index, id, context, nullptr); }
  friend bool operator==(const Call& a, const Call& b) noexcept { return a.index == b.index; }

  World* world;
  Index index;
  CellId cell;
  Schedule::CallId id = nobody;
  int context;
  Token token;
};

struct DoneCall : Call {
  using Call::Call;
  void operator()(const AnyFuture& future) {
    if (!future.done()) world->oracle.violation("a done callback ran before its future was done");
    Entry about{future, cell};
    world->run_callback(index, id, context, &about);
  }
};

}  // namespace

int context_value() { return variable.get(); }
void set_context_value(int value) { variable.set(value); }

ErrorId World::new_error(ErrorKind& kind) {
  if (kind == ErrorKind::exit && std::exchange(exit_used_, true)) kind = ErrorKind::custom;
  coverage.count(kind);
  coverage.count(Happened::failures_thrown);
  return oracle.new_error(kind);
}

// In this order: what the old handle's end leads to may use the slot again.
void World::put(unsigned number, Entry entry) { Entry old = std::exchange(pool_[number % slots], std::move(entry)); }

void World::drop_all() {
  for (unsigned i = 0; i < slots; ++i) put(i, Entry());
  AnyFuture registered = std::exchange(registered_, AnyFuture());
  call_ = Handle();
  for (Generated& generated : generators_) generated.object = AsyncGenerator<Value>();
}

void World::act(Index index, const Entry* about) noexcept {
  if (index == no_index) return;
  const Action& action = program.actions[index];
  if (action.kind == ActionKind::nothing) return;
  coverage.count(action.kind);
  if (oracle.tracing()) oracle.trace(std::string("action ") + std::to_string(index) + " " + to_string(action.kind));
  bool may_refuse = false;
  try {
    perform(action, about, may_refuse);
  } catch (...) {
    Thrown thrown = identify(std::current_exception());
    coverage.count(Happened::library_refused);
    if (!may_refuse || thrown.known())
      oracle.violation(std::string(to_string(action.kind)) + " threw " + describe(std::current_exception()));
  }
  check();
}

void World::run_callback(Index index, Schedule::CallId call, int context, const Entry* about) {
  schedule.call_runs(call);
  struct Over {
    ~Over() { schedule.call_ran(call); }
    Schedule& schedule;
    Schedule::CallId call;
  } over{schedule, call};
  if (++callbacks_ > 300) return;
  ++progress_;
  coverage.count(Happened::callbacks_run);
  if (context_value() != context) oracle.violation("a callback runs in another context than that of its registration");
  const Callback& callback = program.callbacks[index];
  for (Index action : callback.actions) act(action, about);
  if (!callback.throws) return;
  ErrorKind kind = callback.error;
  ErrorId id = new_error(kind);
  coverage.count(Happened::callbacks_threw);
  if (kind != ErrorKind::exit) oracle.raised_directly(id, "callback");
  throw_error(kind, id);
}

Entry World::make(const Action& action, bool& may_refuse) {
  switch (action.kind) {
    case ActionKind::spawn: return spawn(action);
    case ActionKind::gather_handles: return gather_handles(action, may_refuse);
    case ActionKind::gather_bodies: may_refuse = !running(); return gather_bodies(action);
    case ActionKind::rest_handles: return rest_handles(action, may_refuse);
    case ActionKind::rest_bodies: may_refuse = !running(); return rest_bodies(action);
    default: break;
  }
  Entry entry;
  entry.cell = oracle.new_cell(CellKind::future);
  if (action.flag) {
    entry.handle = loop->create_future<void>();
  } else {
    entry.handle = loop->create_future<Value>();
  }
  oracle.bind_state(entry.cell, &entry.any()->state());
  return entry;
}

void World::perform(const Action& action, const Entry* about, bool& may_refuse) {
  if (of_sync(action.kind)) return sync_action(*this, action);
  bool closed = loop->is_closed();
  auto scheduled = [&](Queue queue, TimePoint due, auto schedule_it) {
    Call call(*this, action.callback, nobody, queue, due, true);
    Schedule::CallId id = call.id;
    Handle handle = schedule_it(call);
    if (call_id_ != nobody && responding_ == 0) schedule.check_captures(call_id_);
    call_ = std::move(handle);
    call_id_ = id;
  };
  Entry entry = about && action.flag ? *about : slot(action.slot);
  const AnyFuture* future = entry.any();
  switch (action.kind) {
    case ActionKind::nothing: return;
    case ActionKind::spawn:
    case ActionKind::make_future:
    case ActionKind::gather_handles:
    case ActionKind::gather_bodies:
    case ActionKind::rest_handles:
    case ActionKind::rest_bodies: {
      may_refuse = closed;
      Entry made = make(action, may_refuse);
      if (action.kind != ActionKind::spawn || action.spawn.keep) put(action.slot, std::move(made));
      return;
    }
    case ActionKind::group_spawn: return spawn_in_group(action);
    case ActionKind::group_cancel: return cancel_group(action);
    case ActionKind::region_cancel: return cancel_region(action);
    case ActionKind::reschedule: return reschedule(action);
    case ActionKind::shield: return shield_entry(action);
    case ActionKind::drop_generator: return drop_generator(action);
    case ActionKind::drop: entry = Entry(); return put(action.slot, Entry());
    case ActionKind::copy: return put(action.other, std::move(entry));
    case ActionKind::cancel_running: {
      AnyTask task = running() ? current_task() : AnyTask();
      coverage.count(Happened::cancelled_itself);
      if (!task) return;
      if (scopes.shielded(task.id())) scopes.held(task.id());
      schedule.asked_itself(task.id());
      scopes.requested(task.id());
      if (!task.cancel("by itself")) oracle.violation("the running task could not be cancelled, or has ended");
      return;
    }
    case ActionKind::cancel_everything:
      for (AnyTask& task : all_tasks(*loop)) {
        coverage.count(moment_of(task));
        cancel_task(task, "everything");
      }
      return;
    case ActionKind::call_soon:
      may_refuse = closed;
      return scheduled(Queue::soon, TimePoint(), [&](Call call) { return loop->call_soon(std::move(call)); });
    case ActionKind::call_later:
      may_refuse = closed;
      return scheduled(Queue::later, clock.time() + std::chrono::milliseconds(action.amount), [&](Call call) {
        return loop->call_later(std::chrono::milliseconds(action.amount), std::move(call));
      });
    case ActionKind::call_threadsafe:
      may_refuse = !running();  // while the loop closes as well
      return loop->call_soon_threadsafe(
          Call(*this, action.callback, nobody, Queue::threadsafe, TimePoint(), !may_refuse));
    case ActionKind::cancel_call:
      if (call_id_ == nobody) return;
      if (responding_ == 0) schedule.check_captures(call_id_);
      schedule.taken_back(call_id_);
      return call_.cancel();
    case ActionKind::drop_coroutine: {
      Coro<Value> unused = body(Token(1), oracle.new_frame(), action.body, 0);
      return;
    }
    case ActionKind::stop: return loop->stop();
    case ActionKind::remove_callback:
      if (!registered_) return;
      if (!registered_.done()) schedule.taken_back(registered_call_);
      registered_.remove_done_callback(registration_);
      return;
    default: break;
  }
  if (!future) return;
  switch (action.kind) {
    case ActionKind::cancel: {
      AnyFuture copy = *future;
      cancel(copy, entry.cell);
      if (action.amount == 1) cancel(copy, entry.cell);
      if (action.amount <= 1) uncancel(copy, entry.cell);
      return;
    }
    case ActionKind::uncancel: return uncancel(*future, entry.cell);
    case ActionKind::set_result:
    case ActionKind::set_exception: return settle_future(entry, action, may_refuse);
    case ActionKind::read_result: return read_result(std::move(entry));
    case ActionKind::read_exception: return read_exception(*future, entry.cell);
    case ActionKind::query:
      if (future->cancelled() && !future->done()) oracle.violation("cancelled, and not done");
      if (future->is_task()) static_cast<void>(AnyTask::share(future->state()).await_chain());
      return;
    case ActionKind::add_callback:
      may_refuse = future->done() && future->state().loop().closed();
      return add_callback(entry, action);
    case ActionKind::remove_equal: {
      AnyFuture copy = *future;
      if (!copy.done()) schedule.taken_back_equal(entry.cell, action.callback);
      copy.remove_done_callback(DoneCall(*this, action.callback, nobody));
      return;
    }
    default: return;
  }
}

void World::settle_future(const Entry& entry, const Action& action, bool& may_refuse) {
  const AnyFuture& future = *entry.any();
  if (oracle.loop_of(entry.cell) != oracle.loop()) return;  // its books were checked for the last time
  bool refuses = may_refuse = future.done() || future.is_task();
  if (!refuses && oracle.kind(entry.cell) == CellKind::future) oracle.note_ended(entry.cell);
  ErrorKind kind = action.error;
  if (action.kind == ActionKind::set_exception) {
    std::visit(
        [&](auto handle) {
          if constexpr (requires { handle.set_exception(std::exception_ptr()); }) {
            if (refuses) {
              handle.set_exception(std::make_exception_ptr(Error(0)));
            } else {
              ErrorId id = new_error(kind);
              oracle.future_failed(entry.cell, thrown_as(kind, id));
              handle.set_exception(make_error(kind, id));
            }
          } else {
            refuses = false;
          }
        },
        entry.handle);
  } else if (const auto* value = std::get_if<Future<Value>>(&entry.handle)) {
    if (!refuses) oracle.set_value(entry.cell, entry.cell + 1);
    Future<Value> handle = *value;
    handle.set_result(Value(entry.cell + 1));
  } else if (const auto* nothing = std::get_if<Future<void>>(&entry.handle)) {
    Future<void> handle = *nothing;
    handle.set_result();
  } else {
    refuses = false;
  }
  if (refuses) oracle.violation("a future was set twice, or a task was set");
}

void World::read_exception(const AnyFuture& future, CellId cell) {
  bool done = future.done(), cancelled = future.cancelled();
  try {
    std::exception_ptr exception = future.exception();
    if (!done || cancelled) oracle.violation("exception() of a future that is pending or cancelled did not throw");
    if (exception && cell != nobody) oracle.caught(Source::cell(cell), identify(exception));
  } catch (const InvalidStateError&) {
    if (done) oracle.violation("exception() of a future that is done threw InvalidStateError");
  } catch (const CancelledError&) {
    if (!cancelled) oracle.violation("exception() of a future that is not cancelled threw CancelledError");
  }
}

void World::read_result(Entry entry) {
  bool done = entry.any()->done();
  std::visit(
      [&](auto& handle) {
        if constexpr (requires { handle.result(); }) {
          try {
            if constexpr (std::is_void_v<decltype(handle.result())>) {
              handle.result();
            } else {
              got(entry.cell, handle.result());
            }
            if (!done) oracle.violation("result() of a pending future did not throw");
          } catch (const InvalidStateError&) {
            if (done) oracle.violation("result() of a future that is done threw InvalidStateError");
          } catch (...) {
            oracle.caught(Source::cell(entry.cell), identify(std::current_exception()));
          }
        }
      },
      entry.handle);
}

void World::add_callback(const Entry& entry, const Action& action) {
  AnyFuture future = *entry.any();
  bool certain = oracle.loop_of(entry.cell) == oracle.loop() && (future.done() || future.is_task());
  DoneCall call(*this, action.callback, entry.cell, Queue::done, TimePoint(), certain);
  CallbackId id = future.add_done_callback(call);
  AnyFuture old = std::exchange(registered_, future);
  registration_ = id;
  registered_call_ = call.id;
}

}  // namespace heed::stress

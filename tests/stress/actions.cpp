#include <utility>

#include "heed/core/loop_core.hpp"
#include "heed/failure/exceptions.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

ContextVar<int> variable("stress", -1);

// A callback of the loop, or a done callback. Equal when they are the same callback of the program.
struct Call {
  Call(World& w, Index i, CellId c) : world(&w), index(i), cell(c), context(context_value()), token(1) {}
  void operator()() { world->run_callback(index, context, nullptr); }
  friend bool operator==(const Call& a, const Call& b) noexcept { return a.index == b.index; }

  World* world;
  Index index;
  CellId cell;
  int context;
  Token token;
};

struct DoneCall : Call {
  using Call::Call;
  void operator()(const AnyFuture& future) {
    if (!future.done()) world->oracle.violation("a done callback ran before its future was done");
    Entry about{future, cell};
    world->run_callback(index, context, &about);
  }
};

// What a future does that is about to be cancelled.
Happened moment_of(const AnyFuture& future) {
  if (future.done()) return Happened::cancelled_done;
  if (!future.is_task()) return Happened::cancelled_plain_future;
  auto& task = static_cast<detail::TaskState&>(future.state());
  if (!task.suspended()) return Happened::cancelled_itself;
  detail::Waitable* waits = task.waiting_on();
  if (!waits) return Happened::cancelled_ready;
  if (waits->as_task()) return Happened::cancelled_in_task;
  auto* awaited = dynamic_cast<detail::FutureState*>(waits);
  if (!awaited) return Happened::cancelled_in_sleep;
  return awaited->class_name()[0] == '_' ? Happened::cancelled_in_gather : Happened::cancelled_in_future;
}

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

void World::run_callback(Index index, int context, const Entry* about) {
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
  bool closed = loop->is_closed();
  Entry entry = about && action.flag ? *about : slot(action.slot);
  const AnyFuture* future = entry.any();
  switch (action.kind) {
    case ActionKind::nothing: return;
    case ActionKind::spawn:
    case ActionKind::make_future:
    case ActionKind::gather_handles:
    case ActionKind::gather_bodies: {
      may_refuse = closed;
      Entry made = make(action, may_refuse);
      if (action.kind != ActionKind::spawn || action.spawn.keep) put(action.slot, std::move(made));
      return;
    }
    case ActionKind::drop: entry = Entry(); return put(action.slot, Entry());
    case ActionKind::copy: return put(action.other, std::move(entry));
    case ActionKind::cancel_running: {
      AnyTask task = running() ? current_task() : AnyTask();
      coverage.count(Happened::cancelled_itself);
      if (task && !task.cancel("by itself")) oracle.violation("the running task could not be cancelled, or has ended");
      return;
    }
    case ActionKind::cancel_everything:
      for (AnyTask& task : all_tasks(*loop)) {
        coverage.count(moment_of(task));
        task.cancel("everything");
      }
      return;
    case ActionKind::call_soon:
      may_refuse = closed;
      call_ = loop->call_soon(Call(*this, action.callback, nobody));
      return;
    case ActionKind::call_later:
      may_refuse = closed;
      call_ = loop->call_later(std::chrono::milliseconds(action.amount), Call(*this, action.callback, nobody));
      return;
    case ActionKind::call_threadsafe:
      may_refuse = !running();  // while the loop closes as well
      return loop->call_soon_threadsafe(Call(*this, action.callback, nobody));
    case ActionKind::cancel_call: return call_.cancel();
    case ActionKind::drop_coroutine: {
      Coro<Value> unused = body(Token(1), oracle.new_frame(), action.body, 0);
      return;
    }
    case ActionKind::stop: return loop->stop();
    case ActionKind::remove_callback:
      if (registered_) registered_.remove_done_callback(registration_);
      return;
    default: break;
  }
  if (!future) return;
  switch (action.kind) {
    case ActionKind::cancel: {
      bool done = future->done();
      AnyFuture copy = *future;
      coverage.count(moment_of(copy));
      if (copy.cancel("stop") && done) oracle.violation("a future that is done could be cancelled");
      return;
    }
    case ActionKind::uncancel: {
      if (!future->is_task()) return;
      oracle.note_uncancel(entry.cell);
      AnyTask task = AnyTask::share(future->state());
      int left = task.uncancel();
      if (left != task.cancelling()) oracle.violation("uncancel() and cancelling() do not agree");
      return;
    }
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
  ErrorKind kind = action.error;
  if (action.kind == ActionKind::set_exception) {
    std::visit(
        [&](auto handle) {
          if constexpr (requires { handle.set_exception(std::exception_ptr()); }) {
            if (refuses) {
              handle.set_exception(std::make_exception_ptr(Error(0)));
            } else {
              ErrorId id = new_error(kind);
              oracle.future_failed(entry.cell, Thrown{id, kind == ErrorKind::cancelled});
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
  CallbackId id = future.add_done_callback(DoneCall(*this, action.callback, entry.cell));
  AnyFuture old = std::exchange(registered_, future);
  registration_ = id;
}

}  // namespace heed::stress

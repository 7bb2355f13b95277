// What the loop tells its exception handler, and what the handler does about it.
#include "stress/world.hpp"

namespace heed::stress {

namespace {

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

const char body_of_group[] = "in the body of a TaskGroup";
const char of_cleanup[] = "in the cleanup of a coroutine that was destroyed";
const char of_replaced_1[] = "was replaced by the cancellation of what was to clean up";
const char of_replaced_2[] = "was left by a coroutine that was destroyed while it handled it";
const char of_closing[] = "an error occurred during closing of asynchronous generator";

}  // namespace

// The group cannot raise what its body failed with.
void World::note_body(Thrown thrown) {
  coverage.count(Happened::reported_of_body);
  FrameId frame = scopes.body_of_group(thrown);
  if (frame == nobody) return oracle.violation("a report about the body of a group that did not fail so");
  oracle.caught(Source::frame(frame), thrown);
  oracle.raised_and_reported(thrown.id, "group's body");
}

// Tells the oracle; returns the cell that the report is about, whose report_ended() is due, or nobody.
CellId World::note_report(const ErrorContext& context) {
  check();
  ++progress_;
  if (oracle.tracing()) oracle.trace("report: " + context.message);
  if (!context.exception) {
    coverage.count(Happened::reported_pending);
    if (!context.task) oracle.violation("a report about nothing: " + context.message);
    bool late = contains(context.message, "Task did not end within");
    oracle.reported_pending(context.task ? oracle.cell_of_task(context.task.id()) : nobody, late);
    return nobody;
  }
  Thrown thrown = identify(context.exception);
  bool provisional = contains(context.message, "exception was not retrieved for");
  if (context.record) {
    if (context.record->exception() != context.exception)
      oracle.violation("the record of a report holds another exception");
  }
  CellId cell = nobody;
  if (contains(context.message, body_of_group)) {
    note_body(thrown);
    return nobody;
  }
  if (contains(context.message, of_cleanup)) {
    coverage.count(Happened::reported_by_callback);
    oracle.reported_directly(identify(context.exception, true));
    return nobody;
  }
  if (contains(context.message, of_replaced_1) || contains(context.message, of_replaced_2)) {
    if (!note_replaced(context.exception)) oracle.violation("a report about a body that has no cleanup, or not failed");
    return nobody;
  }
  if (contains(context.message, of_closing) && note_ignored_exit(context.exception)) return nobody;
  if (context.task) {
    cell = oracle.cell_of_task(context.task.id());
  } else if (context.future && context.future.is_task()) {
    cell = oracle.cell_of_task(AnyTask::share(context.future.state()).id());
  } else if (context.future) {
    cell = oracle.cell_of_state(&context.future.state());
  }
  if (context.task || context.future) {
    coverage.count(provisional ? Happened::reported_provisionally : Happened::reported_unread);
    if (cell == nobody) {
      oracle.violation("a report about an unknown future: " + context.message);
    } else {
      oracle.reported(cell, thrown, provisional);
      const FailureRecord* record = context.record;
      if (!record || record->task_id != oracle.task_id(cell)) oracle.violation("the record of a report is another's");
      if (record && record->cause_id == 0 && oracle.has_cause(cell))
        oracle.violation("the record of a failure that escaped again names no cause");
    }
  } else {
    coverage.count(Happened::reported_by_callback);
    oracle.reported_directly(identify(context.exception, true));
  }
  return cell;
}

void World::handler_told(const ErrorContext& context) {
  CellId cell = note_report(context);
  struct End {
    ~End() {
      if (reported != nobody) oracle.report_ended(reported);
    }
    Oracle& oracle;
    CellId reported;
  } end{oracle, cell};
  respond(context, cell);
  check();
}

void World::respond(const ErrorContext& context, CellId cell) {
  if (plan->responses.empty() || responding_ >= 3) return;
  struct Depth {
    explicit Depth(World& world) : world_(world) {
      ++world_.responding_;
      world_.schedule.report_begins();
    }
    ~Depth() {
      --world_.responding_;
      world_.schedule.report_ends();
    }
    World& world_;
  } depth(*this);
  const Response& response = plan->responses[reports_++ % plan->responses.size()];
  switch (response.reaction) {
    case Reaction::none: return;
    case Reaction::fail: {
      ErrorKind kind = response.error;
      ErrorId id = new_error(kind);
      coverage.count(Happened::handler_threw);
      oracle.raised_directly(id, "handler");
      throw_error(kind, id);
    }
    case Reaction::stop: return loop->stop();
    case Reaction::keep:
      if (context.future && cell != nobody) put(response.slot, Entry{context.future, cell});
      return;
    case Reaction::read:
      if (context.future && cell != nobody) read_exception(context.future, cell);
      return;
    case Reaction::act: return act(response.action);
    case Reaction::unset: return loop->set_exception_handler(nullptr);
  }
}

void World::default_handler_told(StressLoop& told, const ErrorContext& context) {
  CellId cell = nobody;
  if (context.context) {  // the handler has failed
    check();
    if (oracle.tracing()) oracle.trace("default handler: " + context.message);
    oracle.reported_directly(identify(context.exception, true));
  } else {
    cell = note_report(context);
  }
  if (plan->renders) {
    rendering_ = true;
    told.render(context);
    rendering_ = false;
  }
  if (cell != nobody) oracle.report_ended(cell);
  if (!plan->default_fails || ++reports_ % 3 != 0) return;
  ErrorKind kind = ErrorKind::runtime;
  ErrorId id = new_error(kind);
  coverage.count(Happened::default_handler_threw);
  oracle.raised_directly(id, "default handler");
  throw_error(kind, id);
}

void World::log_told(const LogRecord& record) {
  if (rendering_ || record.level == LogLevel::warning) return;
  std::string message(record.message);
  if (oracle.tracing()) oracle.trace("log: " + message);
  Thrown thrown = identify(record.exception);
  if (!record.exception) {
    coverage.count(Happened::reported_pending);
    if (!contains(message, "Task was destroyed but it is pending!"))
      oracle.violation("an error was logged without an exception: " + message);
    return;
  }
  if (contains(message, body_of_group)) return note_body(thrown);
  if (contains(message, of_replaced_2)) {
    if (!note_replaced(record.exception)) oracle.violation("a report about a body that has no cleanup, or not failed");
    return;
  }
  if (!contains(message, "exception was never retrieved"))
    return oracle.reported_directly(identify(record.exception, true));
  // The loop object is gone, and its handler with it.
  coverage.count(Happened::reported_without_loop);
  CellKind kind = contains(message, "_Gath")  ? CellKind::gather
                  : contains(message, "Task") ? CellKind::task
                                              : CellKind::future;
  CellId cell = oracle.unread_cell_with(thrown, kind);
  if (cell == nobody) return oracle.violation("logged, and nobody holds it: " + message + " " + to_string(thrown));
  oracle.reported(cell, thrown, false);
  oracle.report_ended(cell);
}

}  // namespace heed::stress

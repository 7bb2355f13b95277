#include "heed/core/event_loop.hpp"

#include <algorithm>
#include <cstdlib>

#include "heed/core/loop_core.hpp"
#include "heed/core/mailbox.hpp"
#include "heed/core/platform.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/log.hpp"
#include "heed/failure/report.hpp"

namespace heed {

namespace {

bool debug_from_environment() noexcept {
  const char* value = std::getenv("HEED_DEBUG");
  return value && *value != '\0' && *value != '0';
}

[[gnu::noinline]] void warn_of_delay(Duration delay) {
  log(LogRecord{LogLevel::warning,
                "call_later: a negative delay of " + std::to_string(delay.count()) + " ns is due at once", nullptr});
}

}  // namespace

EventLoop::EventLoop() : EventLoop(platform::make_poller(), platform::steady_clock()) {}

EventLoop::EventLoop(std::unique_ptr<Poller> poller, Clock& clock)
    : core_(new detail::LoopCore(*this, std::move(poller), clock)) {
  core_->set_debug(debug_from_environment());
}

EventLoop::~EventLoop() {
  core_->close();
  core_->facade_is_gone();
  core_->release();
}

void EventLoop::run_forever() { core_->run_forever(); }
void EventLoop::stop() noexcept { core_->stop(); }
void EventLoop::close() { core_->close(); }
bool EventLoop::is_running() const noexcept { return core_->running(); }
bool EventLoop::is_closed() const noexcept { return core_->closed(); }
TimePoint EventLoop::time() const noexcept { return core_->now(); }
const Ledger& EventLoop::failures() const noexcept { return core_->ledger; }
detail::Scheduler& EventLoop::scheduler() const { return *core_; }

void EventLoop::set_unretrieved_grace(Duration grace) noexcept {
  core_->unretrieved_grace = std::min(grace, Duration::max() / 2);  // added to a point in time
}
Duration EventLoop::get_unretrieved_grace() const noexcept { return core_->unretrieved_grace; }
void EventLoop::set_debug(bool on) noexcept { core_->set_debug(on); }
bool EventLoop::get_debug() const noexcept { return core_->debug(); }
void EventLoop::set_task_factory(TaskFactory factory) {
  task_factory_ = std::move(factory);
  core_->note_task_factory(static_cast<bool>(task_factory_));
}
void EventLoop::set_slow_callback_duration(Duration duration) noexcept { core_->slow_callback_duration = duration; }
Duration EventLoop::get_slow_callback_duration() const noexcept { return core_->slow_callback_duration; }

detail::ContextRef EventLoop::context_for_call() const {
  if (core_->careful_start) [[unlikely]]
    detail::check_start(*core_);
  return detail::copy_of_current_context();
}

Handle EventLoop::schedule_soon(detail::ScheduledCall& call) {
  call.retain();  // the loop's
  core_->ready.push(call);
  return HandleAccess::handle(call);
}

TimerHandle EventLoop::schedule_at(TimePoint when, detail::ScheduledCall& call) {
  TimerHandle handle = HandleAccess::timer(call);
  core_->arm(call, when);
  call.retain();  // the loop's
  return handle;
}

TimePoint EventLoop::due_in(Duration delay) const {
  if (delay < Duration::zero() && core_->debug()) [[unlikely]]
    warn_of_delay(delay);
  return core_->now() + delay;
}

void EventLoop::post(detail::Letter& letter) {
  bool accepted = false;
  try {
    accepted = core_->mailbox().post(letter);
  } catch (...) {
    letter.discard();
    throw;
  }
  if (accepted) return;
  letter.discard();
  detail::throw_loop_closed();
}

void EventLoop::run_until_done(detail::FutureState& future) {
  if (&future.loop() != core_)
    throw std::invalid_argument("run_until_complete: the future belongs to a different loop");
  core_->check_runnable();
  AnyFuture keep = AnyFuture::share(future);
  CallbackId callback = keep.add_done_callback([this] { stop(); });
  try {
    core_->run_forever();
  } catch (...) {
    keep.remove_done_callback(callback);
    // An interrupt that the future itself raised is on its way out: nobody else needs to be told (asyncio's B30).
    if (auto* failure = future.failure(); failure && failure->exception() == std::current_exception())
      core_->ledger.settle(*failure, Disposition::retrieved);
    throw;
  }
  keep.remove_done_callback(callback);
  if (!future.done()) throw std::runtime_error("Event loop stopped before Future completed.");
}

// --- descriptors -----------------------------------------------------------------------------------------------------

Handle EventLoop::watch_fd(int fd, bool reading, detail::ScheduledCall& call) {
  Handle handle = HandleAccess::handle(call);
  core_->set_fd_callback(fd, reading, handle);
  return handle;
}

bool EventLoop::remove_reader(int fd) { return core_->remove_fd_callback(fd, true); }
bool EventLoop::remove_writer(int fd) { return core_->remove_fd_callback(fd, false); }

// --- failures --------------------------------------------------------------------------------------------------------

namespace {

// A report about a task as such: where it is and where it comes from.
void describe_task(const AnyTask& task, Report& report) {
  report.details.emplace_back("task", "'" + task.name() + "' (task " + std::to_string(task.id()) + ")");
  std::string_view label = "awaiting";
  for (const AwaitSite& site : task.await_chain().sites)
    report.details.emplace_back(std::exchange(label, ""), "in " + format_site(site));
  if (task.created_at().line() != 0) report.details.emplace_back("created", "in " + format_site(task.created_at()));
  for (const Creator& creator : task.creators()) report.details.emplace_back("", "by '" + creator.name + "'");
}

}  // namespace

void EventLoop::default_exception_handler(const ErrorContext& context) {
  std::string message = context.message.empty() ? "Unhandled exception in event loop" : context.message;
  Report report{message, context.exception, context.record, {}};
  if (context.task && !context.record) describe_task(context.task, report);
  if (context.handle) report.details.emplace_back("handle", context.handle.describe());
  if (context.socket >= 0) report.details.emplace_back("socket", std::to_string(context.socket));
  if (context.source_traceback) report.details.emplace_back("created", "in " + format_site(*context.source_traceback));
  std::string text = render(report, !has_log_sink() && platform::stderr_shows_colour());
  if (context.context) {
    const ErrorContext& original = *context.context;
    text += render(Report{"... while it handled: " + original.message, original.exception, original.record, {}});
  }
  log(LogRecord{LogLevel::error, message, context.exception, text});
}

namespace {

// A report for which there was no memory.
void tell_last_resort(const ErrorContext& context) noexcept {
  std::string_view message = context.message;
  last_resort(message.empty() ? "Unhandled exception in event loop" : message, context.exception);
  if (context.context) tell_last_resort(*context.context);
}

bool is_interrupt(const std::exception_ptr& exception) noexcept {
  return find<KeyboardInterrupt>(exception) || find<SystemExit>(exception);
}

// The context that the handler runs in: that of the task or future, else the current one (a failed callback's).
detail::ContextRef context_for(const ErrorContext& context) {
  const AnyFuture* owner = context.task ? static_cast<const AnyFuture*>(&context.task) : &context.future;
  if (!owner->valid() || !owner->is_task()) return detail::current_context();
  return static_cast<detail::TaskState&>(owner->state()).context().cell();
}

}  // namespace

void EventLoop::call_exception_handler(const ErrorContext& context) {
  if (!handler_) {
    try {
      default_exception_handler(context);
    } catch (...) {
      std::exception_ptr broken = std::current_exception();
      core_->note_handler_failure(broken);
      if (is_interrupt(broken)) throw;
      log(LogRecord{LogLevel::error, "Exception in default exception handler", broken});
      if (find<std::bad_alloc>(broken)) tell_last_resort(context);
    }
    return;
  }
  try {
    ExceptionHandler handler = handler_;  // it may replace itself
    detail::ContextRef own = context_for(context);
    detail::ContextScope scope(own);
    handler(*this, context);
  } catch (...) {
    std::exception_ptr broken = std::current_exception();
    core_->note_handler_failure(broken);
    if (is_interrupt(broken)) throw;
    try {
      ErrorContext second;
      second.message = "Unhandled error in exception handler";
      second.exception = broken;
      second.context = std::make_shared<const ErrorContext>(context);
      default_exception_handler(second);
    } catch (...) {
      std::exception_ptr worse = std::current_exception();
      core_->note_handler_failure(worse);
      if (is_interrupt(worse)) throw;
      log(LogRecord{LogLevel::error,
                    "Exception in default exception handler while handling an unexpected error in custom exception "
                    "handler",
                    worse});
      if (find<std::bad_alloc>(worse)) {
        last_resort("Unhandled error in exception handler", broken);
        tell_last_resort(context);
      }
    }
  }
}

EventLoop& running_loop() {
  EventLoop* facade = detail::core_of_running_loop().facade();
  return *facade;
}

std::vector<AnyTask> all_tasks(const EventLoop& loop) {
  std::vector<AnyTask> tasks;
  detail::LoopCore& core = loop.core();
  for (detail::TaskState* task = core.tasks.first(); task; task = core.tasks.after(*task))
    tasks.push_back(AnyTask::share(*task));
  return tasks;
}

std::vector<AnyTask> all_tasks() { return all_tasks(running_loop()); }

}  // namespace heed

#include "heed/core/task.hpp"

#include "heed/core/event_loop.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed {

void AnyFuture::no_state() {
  throw InvalidStateError("the future handle is empty (default-constructed or moved from)");
}

EventLoop& AnyFuture::loop() const {
  EventLoop* facade = state().loop().facade();
  if (!facade) throw std::runtime_error("the event loop of this future was destroyed");
  return *facade;
}

bool AnyFuture::cancel(std::string_view message, std::source_location where) {
  detail::FutureState& target = state();
  if (target.done()) return false;
  return target.cancel(detail::make_reason(CancelSource::request, message, where));
}

void TaskOptions::DropChosen::operator()(Chosen* chosen) const noexcept { delete chosen; }

AnyTask current_task() {
  detail::TaskState* task = detail::core_of_running_loop().current_task;
  return task ? AnyTask::share(*task) : AnyTask();
}

void add_note(std::string note) {
  std::exception_ptr exception = std::current_exception();
  if (!exception) throw std::logic_error("add_note: no exception is being handled ('" + note + "')");
  detail::core_of_running_loop().trail.add_note(exception, std::move(note));
}

namespace detail {

CancelReasonRef make_reason(CancelSource source, std::string_view message, const std::source_location& where) {
  TaskState* by = running_scheduler ? running_scheduler->current_task : nullptr;
  if (!by) return CancelReasonRef(new CancelReason(source, message, where, 0, nullptr));
  return CancelReasonRef(new CancelReason(source, message, where, by->id(), by->name_given()));
}

void no_running_loop() { throw std::runtime_error("no running event loop"); }

void check_start(Scheduler& scheduler) {
  scheduler.core().check_open();
  scheduler.core().check_thread();
}

ContextRef copy_of_creators_context(const Scheduler& scheduler) {
  bool of_task = !context_slot && scheduler.current_task;
  return copy_of(of_task ? scheduler.current_task->shared_context() : current_context());
}

const Lineage* creators_lineage(const Scheduler& scheduler) {
  return scheduler.current_task ? scheduler.current_task->lineage() : nullptr;
}

void start_task(TaskState& task, TaskOptions& options, RegionState* region) {
  if (EventLoop* facade = task.loop().facade(); facade && facade->get_task_factory()) {
    TaskFactory factory = facade->get_task_factory();  // it may replace itself
    factory(*facade, options);
  }
  if (!options.all_default()) {
    if (!options.name().empty()) task.set_name(options.name());
    if (options.context()) task.use_context(*options.context());
  }
  if (region) task.enter_region(region);
  if (options.is_eager()) {
    task.start_eagerly();
  } else {
    task.start(task.loop());
  }
}

}  // namespace detail

}  // namespace heed

#include "heed/core/task_state.hpp"

#include <atomic>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/report.hpp"

namespace heed::detail {

namespace {

// One counter for the process; each thread takes a few numbers at a time, so that a task does not cost a locked
// instruction (5 ns of about 30).
std::uint64_t next_task_id() noexcept {
  constexpr std::uint64_t taken_at_a_time = 16;
  static constinit std::atomic<std::uint64_t> counter{1};
  static constinit thread_local std::uint64_t next = 0, end = 0;
  if (next == end) {
    next = counter.fetch_add(taken_at_a_time, std::memory_order_relaxed);
    end = next + taken_at_a_time;
  }
  return next++;
}

}  // namespace

namespace {
Ref<const Lineage> copy_nearest(const Lineage& line) {
  std::vector<const Creator*> nearest;
  for (const Lineage* link = &line; link && nearest.size() < Lineage::shown; link = link->parent.get())
    nearest.push_back(&link->creator);
  Ref<const Lineage> copy;
  for (std::size_t i = nearest.size(); i-- > 0;) {
    Ref<Lineage> link(new Lineage);
    link->creator = *nearest[i];
    link->length = copy ? copy->length + 1 : 1;
    link->parent = std::move(copy);
    copy = Ref<const Lineage>(link.get());
  }
  return copy;
}
}  // namespace

TaskState::TaskState(Scheduler& loop, PromiseBase& root, const std::source_location& where)
    : FutureState(loop, where), leaf_(&root), id_(next_task_id()), context_(current_context()) {
  is_task_ = true;
  root.continuation_ = loop.root_continuation();
  if (loop.current_task) creator_ = loop.current_task->lineage();
}

TaskState::~TaskState() {
  if (leaf_) destroy_chain(*leaf_, loop().root_continuation());  // it was never started
}

TaskExtras& TaskState::extras() {
  if (!extras_) extras_.reset(new TaskExtras);
  return *extras_;
}

std::string TaskState::name() const {
  return extras_ && !extras_->name.empty() ? extras_->name : "Task-" + std::to_string(id_);
}

void TaskState::set_name(std::string name) {
  extras().name = std::move(name);
  lineage_ = nullptr;  // children made from now on see the new name
}

Context TaskState::context() {
  if (!extras_ || !extras_->context) {
    Context shared = ContextAccess::from_map(context_);
    extras().context = ContextAccess::cell(shared);
  }
  return ContextAccess::from_cell(extras_->context);
}

void TaskState::use_context(const Context& context) { extras().context = ContextAccess::cell(context); }

Ref<const Lineage> TaskState::lineage() {
  if (lineage_) return lineage_;
  Ref<Lineage> made(new Lineage);
  made->creator = Creator{id_, name(), created_at()};
  made->parent = creator_;
  if (creator_) {
    // A copy of the nearest every so often keeps the line short at a constant cost for each task.
    if (creator_->length >= 2 * Lineage::shown) made->parent = copy_nearest(*creator_);
    made->length = made->parent->length + 1;
  }
  lineage_ = Ref<const Lineage>(made.get());
  return lineage_;
}

std::vector<Creator> TaskState::creators() const {
  std::vector<Creator> chain;
  for (const Lineage* link = creator_.get(); link && chain.size() < Lineage::shown; link = link->parent.get())
    chain.push_back(link->creator);
  return chain;
}

AwaitChain TaskState::await_chain() const {
  return leaf_ ? await_chain_from(*leaf_, loop().root_continuation()) : AwaitChain();
}

std::string TaskState::describe_wait() const { return "Task '" + name() + "'"; }

void TaskState::describe_failure(FailureRecord& record) const {
  FutureState::describe_failure(record);
  record.task_id = id_;
  record.task_name = name();
  record.creators = creators();
}

void TaskState::start(bool eager) {
  LoopCore& core = loop();
  core.add_task(*this);
  retain();  // the loop's reference, until the task is done
  if (eager && on_running_loop()) {
    run(core);
  } else {
    core.ready.push(*this);
  }
}

// A request goes along the tasks that await each other to the last one. Not by recursion: the line may be long, and
// tasks that await each other in a circle must not hang it.
TaskState& TaskState::end_of_cancel_path() noexcept {
  TaskState* task = this;
  for (;;) {
    task->on_cancel_path_ = true;
    TaskState* awaited = task->waiting_on_ ? task->waiting_on_->as_task() : nullptr;
    if (!awaited || awaited->done() || awaited->on_cancel_path_) break;
    task = awaited;
  }
  return *task;
}

bool TaskState::cancel(const CancelReasonRef& reason) {
  if (done()) return false;
  TaskState& end = end_of_cancel_path();
  std::exception_ptr no_memory;
  try {
    end.extras();  // before anything changes
  } catch (const std::bad_alloc&) {
    no_memory = std::current_exception();
  }
  for (TaskState* task = this;;) {
    TaskState* awaited = task == &end ? nullptr : task->waiting_on_->as_task();
    task->on_cancel_path_ = false;
    if (!no_memory) {
      auto& counts = task->loop().ledger.count_cancellations();
      ++counts.requested;
      ++counts.pending;
      ++task->cancel_requests_;
      if (awaited) ++task->forwarded_;
    }
    if (!awaited) break;
    task = awaited;
  }
  if (no_memory) std::rethrow_exception(no_memory);
  ++end.undelivered_;
  end.cancel_here(reason);
  return true;
}

// The last task on the path, with an undelivered request: to what it waits for, or kept for its next step.
void TaskState::cancel_here(const CancelReasonRef& reason) {
  extras_->reason = reason;
  if (!waiting_on_) return;
  if (waiting_on_->as_task()) {  // a circle of tasks that await each other: broken here
    if (waiting_on_->as_task()->done()) return;
    waiting_on_->forget(*this);
    return wake_cancelled();
  }
  std::uint32_t requests = std::exchange(undelivered_, 0);
  switch (waiting_on_->cancel_wait(reason)) {
    case CancelEffect::forwarded: forwarded_ += requests; return;
    case CancelEffect::none: undelivered_ += requests; return;
    case CancelEffect::woken: undelivered_ += requests; return wake_cancelled();
  }
}

void TaskState::wake_cancelled() noexcept {
  forwarded_ += std::exchange(undelivered_, 0);
  waiting_on_ = nullptr;
  cancel_woke_ = true;
  loop().ready.push(*this);
}

void TaskState::cancel_new_wait() noexcept {
  CancelReasonRef reason = extras_->reason;
  if (TaskState* task = waiting_on_->as_task()) {
    if (task->done() || !task->cancel(reason)) return;
    forwarded_ += std::exchange(undelivered_, 0);
    return;
  }
  cancel_here(reason);
}

int TaskState::uncancel() noexcept {
  if (cancel_requests_ != 0) --cancel_requests_;
  if (cancel_requests_ == 0 && undelivered_ != 0) {
    if (!cancel_woke_) extras_->reason = nullptr;
    settle_requests(undelivered_, &CancellationCounts::withdrawn);
  }
  return static_cast<int>(cancel_requests_);
}

void TaskState::settle_requests(std::uint32_t& requests, std::uint64_t CancellationCounts::*end) noexcept {
  auto& counts = loop().ledger.count_cancellations();
  counts.*end += requests;
  counts.pending -= requests;
  requests = 0;
}

// At the start of a step with requests open: has the step a CancelledError to deliver itself?
bool TaskState::prepare_cancel(Scheduler& scheduler, Waitable* waited) noexcept {
  bool deliver = undelivered_ != 0 || cancel_woke_;
  // Else they were passed on to what the task waited for: that ended cancelled, or it refused.
  bool delivered = deliver || (waited && waited->ended_cancelled());
  auto end = delivered ? &CancellationCounts::delivered : &CancellationCounts::completed_anyway;
  settle_requests(undelivered_, end);
  settle_requests(forwarded_, end);
  cancel_woke_ = false;
  if (deliver) {
    scheduler.deliver_cancel = true;
    scheduler.cancel_reason = std::exchange(extras_->reason, nullptr);
  }
  return deliver;
}

void TaskState::run(LoopCore& loop) {
  PromiseBase* leaf = std::exchange(leaf_, nullptr);
  Waitable* waited = std::exchange(waiting_on_, nullptr);
  Scheduler& scheduler = loop;
  TaskState* outer_task = std::exchange(scheduler.current_task, this);
  bool cancelled = (undelivered_ | forwarded_) != 0 && prepare_cancel(scheduler, waited);
  {
    ContextScope scope(extras_ && extras_->context ? extras_->context->map : context_);
    scheduler.resumed = leaf;
    std::coroutine_handle<> frame = leaf->handle();
    if (cancelled && !started_) [[unlikely]] {
      frame = finish_with(*leaf, take_cancelled(scheduler));  // the body never runs
    } else if (passes_) [[unlikely]] {
      passes_ = false;
      std::exception_ptr failure = cancelled ? take_cancelled(scheduler)
                                   : waited  ? waited->failure_for_awaiter(*leaf)
                                             : nullptr;
      if (failure) frame = finish_with(*leaf, std::move(failure));
    }
    started_ = true;
    scheduler.resume(frame);
  }
  if (scheduler.root_finished) {
    scheduler.root_finished = false;
    finish(loop, *scheduler.completed);
  } else if (!leaf_) [[unlikely]] {
    finish_lost(loop);
  }
  if (scheduler.trail.active()) [[unlikely]]
    scheduler.trail.clear();
  scheduler.current_task = outer_task;
}

void TaskState::finish(LoopCore& loop, PromiseBase& root) noexcept {
  if (root.failed()) {
    std::exception_ptr failure = root.take_failure();
    destroy_finished(root);
    finish_root_failure(loop, std::move(failure));
  } else {
    std::exception_ptr failure;
    try {
      take_value(root);
    } catch (...) {  // the result's move constructor threw
      failure = std::current_exception();
    }
    destroy_finished(root);
    if (failure) {
      finish_root_failure(loop, std::move(failure));
    } else {
      finish_value();
    }
  }
  leave_loop(loop);
}

void TaskState::finish_root_failure(LoopCore& loop, std::exception_ptr failure) noexcept {
  if (const auto* cancelled = find<CancelledError>(failure)) {
    CancelReasonRef reason = cancelled->shared_reason();
    try {  // raised by hand: keep its message
      if (!reason && *cancelled->what() != '\0')
        reason = make_reason(CancelSource::request, cancelled->what(), std::source_location());
    } catch (const std::bad_alloc&) {
    }
    return finish_cancelled(std::move(reason));
  }
  bool interrupts = loop.note_interrupt(failure);
  finish_failed(std::move(failure));
  // It leaves run_forever() as well, so somebody gets it.
  if (interrupts && this->failure()) loop.ledger.settle(*this->failure(), Disposition::retrieved);
}

// The coroutine gave control back without having waited for anything this library knows.
void TaskState::finish_lost(LoopCore& loop) noexcept {
  std::exception_ptr error;
  try {
    error = std::make_exception_ptr(std::runtime_error(
        "Task '" + name() + "' got bad yield: " + function_name(loop.resumed->site_) +
        " suspended without an awaitable of this library. Either it awaits a foreign awaitable, or g++ 12 has "
        "miscompiled `if/while/for/switch (co_await ...)` in a coroutine that has no local variable: write "
        "`auto value = co_await ...;` first"));
  } catch (...) {
    error = std::current_exception();
  }
  // Its frames are in an unknown state: they are left alone.
  finish_failed(std::move(error));
  leave_loop(loop);
}

void TaskState::leave_loop(LoopCore& loop) noexcept {
  settle_requests(undelivered_, &CancellationCounts::completed_anyway);
  settle_requests(forwarded_, &CancellationCounts::completed_anyway);
  loop.remove_task(*this);
  release();
}

void TaskState::abandon() noexcept {
  LoopCore& core = loop();
  abandoned_ = true;
  if (!pending_reported_) {
    ErrorContext context;
    try {
      context.message = "Task was destroyed but it is pending!";
      context.task = AnyTask::share(*this);
      if (core.debug) context.source_traceback = created_at();
    } catch (const std::bad_alloc&) {
    }
    core.report(context);
  }
  if (waiting_on_) std::exchange(waiting_on_, nullptr)->forget(*this);
  if (PromiseBase* leaf = std::exchange(leaf_, nullptr)) destroy_chain(*leaf, core.root_continuation());
}

void TaskState::end_abandoned() noexcept {
  LoopCore& core = loop();
  drop_callbacks();
  CancelReasonRef reason;
  try {
    reason = CancelReasonRef(new CancelReason(CancelSource::loop_closed, "", std::source_location(), 0, ""));
  } catch (const std::bad_alloc&) {
  }
  finish_cancelled(std::move(reason));
  leave_loop(core);
}

}  // namespace heed::detail

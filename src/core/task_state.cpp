#include "heed/core/task_state.hpp"

#include <atomic>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_info.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/report.hpp"

namespace heed::detail {

constinit thread_local TaskIds task_ids;

void take_task_ids() noexcept {
  constexpr std::uint64_t taken_at_a_time = 64;
  static constinit std::atomic<std::uint64_t> counter{1};
  task_ids.next = counter.fetch_add(taken_at_a_time, std::memory_order_relaxed);
  task_ids.end = task_ids.next + taken_at_a_time;
}

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

void TaskState::drop_coroutine() noexcept {
  if (extras_) leave_scopes();
  if (leaf_) destroy_chain(*leaf_, loop().root_continuation());
}

[[gnu::noinline]] void TaskState::DropExtras::operator()(TaskExtras* extras) const noexcept { delete extras; }

TaskExtras& TaskState::extras() {
  if (!extras_) extras_.reset(new TaskExtras);
  return *extras_;
}

void TaskState::set_name(std::string name) {
  extras().name = name.empty() ? nullptr : GivenNameRef(new GivenName(std::move(name)));
  extras_->lineage = nullptr;  // children made from now on see the new name
}

Context TaskState::context() {
  Context shared(context_);
  context_ = shared.cell();
  return shared;
}

void TaskState::use_context(const Context& context) { context_ = context.cell(); }

const Lineage* TaskState::lineage() {
  TaskExtras& more = extras();
  if (more.lineage) return more.lineage.get();
  Ref<Lineage> made(new Lineage);
  made->creator = Creator{id_, name(), created_at()};
  made->parent = creator_;
  if (creator_) {
    // A copy of the nearest every so often keeps the line short at a constant cost for each task.
    if (creator_->length >= 2 * Lineage::shown) made->parent = copy_nearest(*creator_);
    made->length = made->parent->length + 1;
  }
  more.lineage = Ref<const Lineage>(made.get());
  return more.lineage.get();
}

std::vector<Creator> TaskState::creators() const {
  std::vector<Creator> chain;
  for (const Lineage* link = creator_.get(); link && chain.size() < Lineage::shown; link = link->parent.get())
    chain.push_back(link->creator);
  return chain;
}

AwaitChain TaskState::await_chain() const {
  return suspended() ? await_chain_from(*leaf_, loop().root_continuation()) : AwaitChain();
}

std::string TaskState::describe_wait() const { return "Task '" + name() + "'"; }

void TaskState::describe_failure(FailureRecord& record) const {
  FutureState::describe_failure(record);
  record.task_id = id_;
  record.task_name = name();
  record.creators = creators();
}

void TaskState::start_eagerly() {
  LoopCore& core = loop();
  if (!on_running_loop() || !core.running()) return start(core);  // one that closes runs nothing
  core.tasks.add(*this);
  retain();
  // The creator may be handling an exception: its trail is put aside for this step.
  Trail creators_trail = std::exchange(core.trail, Trail());
  TaskState* creator = core.current_task;
  FrameOfStep frame = core.step_frame;
  ContextRef* creators_scope = std::exchange(context_slot, nullptr);
  run(core);
  core.current_task = creator;
  core.step_frame = frame;
  context_slot = creators_scope;
  core.trail = std::move(creators_trail);
}

// What most steps have no need of. Returns the frame to resume; none when the task has ended.
std::coroutine_handle<> TaskState::prepare_step(Scheduler& scheduler) {
  PromiseBase& leaf = scheduler.step_frame.last();
  bool cancelled = cancel_pending() && prepare_cancel(scheduler);
  if (!cancelled && !has(passes)) return leaf.handle();
  if (cancelled) {
    if (has(passes) && waits()) waiting_on_->forget(*this);          // what it was given meanwhile goes to others
    bool unseen = fresh() || (has(passes) && passes_to_root(leaf));  // the body of a fresh one never begins
    if (unseen) return end_cancelled(scheduler, leaf, take_cancel_reason(scheduler));
    if (!has(passes)) return leaf.handle();
  }
  clear(passes);
  std::exception_ptr failure;
  if (cancelled) {
    failure = take_cancelled(scheduler);
  } else if (waits()) {
    CancelReasonRef reason = waiting_on_->cancel_reason();
    if (reason && passes_to_root(leaf)) return end_cancelled(scheduler, leaf, std::move(reason));
    failure = waiting_on_->failure_for_awaiter(leaf);
  }
  return failure ? finish_with(leaf, std::move(failure)) : leaf.handle();
}

bool TaskState::passes_to_root(const PromiseBase& leaf) const noexcept {
  const PromiseBase* frame = &leaf;
  while (frame->passes_) frame = &PromiseBase::of(frame->continuation_);
  return frame->continuation_ == loop().root_continuation();
}

// The last one: whoever is told of the task's end finds nothing of its step.
inline void TaskState::end_step(Scheduler& scheduler) noexcept {
  if (scheduler.trail.active()) [[unlikely]]
    scheduler.trail.clear();
  scheduler.current_task = nullptr;
}

// A cancellation that every frame hands on ends them all: nobody sees an exception, so none is made.
std::coroutine_handle<> TaskState::end_cancelled(Scheduler& scheduler, PromiseBase& leaf,
                                                 CancelReasonRef reason) noexcept {
  task_phase_ = TaskPhase::turn;
  destroy_chain(leaf, scheduler.root_continuation());
  finish_cancelled(std::move(reason));
  end_step(scheduler);
  leave_loop();
  return nullptr;
}

inline void TaskState::finish(LoopCore& loop, PromiseBase& root) noexcept {
  if (root.status_ != FrameStatus::value) [[unlikely]]
    return finish_without_value(loop, root, root.take_failure());
  try {
    take_value(root);
  } catch (...) {  // the result's move constructor threw
    return finish_without_value(loop, root, std::current_exception());
  }
  destroy_at_its_end(root);
  finish_value();
}

void TaskState::leave_requests() noexcept {
  if (has(cancel_open)) settle_all_requests(&CancellationCounts::completed_anyway);
  leave_scopes();
}

inline void TaskState::leave_loop() noexcept {
  if (extras_) [[unlikely]]
    leave_requests();
  TaskList::remove(*this);
  release();
}

void TaskState::run(LoopCore& loop) { step(loop); }

// Control came back, and no frame waits.
void TaskState::end(Scheduler& scheduler) noexcept {
  LoopCore& loop = scheduler.core();
  bool finished = scheduler.take_root_finished();
  if (!finished && scheduler.resume_bounced()) [[unlikely]] {
    if (leaf_) return;
    finished = scheduler.take_root_finished();
  }
  if (finished) [[likely]] {
    finish(loop, scheduler.step_frame.last());
  } else {
    finish_lost(loop);
  }
  end_step(scheduler);
  leave_loop();  // perhaps the end of this object: nobody may find it as the current task
}

void TaskState::finish_without_value(LoopCore& loop, PromiseBase& root, std::exception_ptr failure) noexcept {
  destroy_finished(root);
  finish_root_failure(loop, std::move(failure));
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
    // As long as no frame has finished, the one that continued is there to tell its name.
    std::string who =
        loop.step_frame.any_finished() ? "one of its coroutines" : function_name(loop.step_frame.last().site_);
    error = std::make_exception_ptr(std::runtime_error(
        "Task '" + name() + "' got bad yield: " + who +
        " suspended without an awaitable of this library. Either it awaits a foreign awaitable, or g++ 12 has "
        "miscompiled `if/while/for/switch (co_await ...)` in a coroutine that has no local variable: write "
        "`auto value = co_await ...;` first"));
  } catch (...) {
    error = std::current_exception();
  }
  // Its frames are in an unknown state: they are left alone.
  finish_failed(std::move(error));
}

void TaskState::abandon() noexcept {
  LoopCore& core = loop();
  set(was_abandoned);
  if (!has(pending_reported)) {
    ErrorContext context;
    try {
      context.task = AnyTask::share(*this);
      if (core.debug()) context.source_traceback = created_at();
      context.message = "Task was destroyed but it is pending!";
    } catch (const std::bad_alloc&) {
    }
    core.report(context);
  }
  if (waits()) {
    task_phase_ = TaskPhase::turn;
    waiting_on_->forget(*this);
  }
  if (PromiseBase* leaf = std::exchange(leaf_, nullptr)) destroy_chain(*leaf, core.root_continuation());
}

void TaskState::end_abandoned() noexcept {
  drop_callbacks();
  CancelReasonRef reason;
  try {
    reason = CancelReasonRef(new CancelReason(CancelSource::loop_closed, "", std::source_location(), 0, nullptr));
  } catch (const std::bad_alloc&) {
  }
  finish_cancelled(std::move(reason));
  leave_loop();
}

}  // namespace heed::detail

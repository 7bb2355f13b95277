// The end of a loop: what is left is reported, destroyed and swept, until nothing is left.
#include <cstdio>

#include "heed/core/close_listener.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/fd_table.hpp"
#include "heed/core/handle.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/core/mailbox.hpp"
#include "heed/core/running_here.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/log.hpp"

namespace heed::detail {

namespace {

// How often destructors and handlers may start something new while the loop closes, before it is refused.
constexpr unsigned most_rounds = 100;

}  // namespace

void LoopCore::close() {
  if (running()) throw std::runtime_error("Cannot close a running event loop");
  if (closed_ || std::exchange(closing_, true)) return;
  {
    RunningHere here(*this);  // destructors of coroutines may use the loop
    mailbox_->close(ready);
    // What is destroyed may add more: until nothing is left.
    std::size_t dropped = 0;
    while (std::size_t count = discard_callbacks() + abandon_tasks()) dropped += count;
    if (debug_ && dropped != 0) {
      char text[96];
      std::snprintf(text, sizeof text, "Event loop closed with %zu callbacks, timers and tasks pending", dropped);
      log(LogRecord{LogLevel::warning, text, nullptr});
    }
    while (first_listener_) first_listener_->loop_closing();
    open_generators.forget_all();
    fds_->clear();
    sweep_failures();
    // From here on nothing new is accepted; what the exception handler started meanwhile goes the same way.
    set_closed();
    fds_->clear();
    while (discard_callbacks() + abandon_tasks() != 0 || first_listener_ || ledger.any_live()) {
      while (first_listener_) first_listener_->loop_closing();
      sweep_failures();
    }
  }
  set_closed();
  if (interrupt_) last_resort("an interrupt was raised while the loop was closed", take_interrupt());
}

std::size_t LoopCore::discard_callbacks() noexcept {
  std::size_t count = 0;
  batch_.put_back(ready);
  for (; Runnable* runnable = ready.pop(); ++count) {
    if (!dynamic_cast<TaskState*>(runnable)) runnable->discard();
  }
  while (timers_.size() > 0) {
    Timer* timer = timers_.pop();
    if (dynamic_cast<ScheduledCall*>(timer)) ++count;
    timer->discard();
  }
  return count;
}

// In order of creation; those that are created meanwhile come at the end of the list.
std::size_t LoopCore::abandon_new_tasks() noexcept {
  std::size_t count = 0;
  if (tasks.empty() || tasks.last()->abandoned()) return 0;
  for (TaskState* task = tasks.first(); task; task = tasks.after(*task)) {
    if (task->abandoned()) continue;
    task->abandon();
    ++count;
  }
  return count;
}

std::size_t LoopCore::abandon_tasks() noexcept {
  std::size_t count = 0;
  for (unsigned rounds = 0; !tasks.empty(); ++rounds) {
    if (rounds == most_rounds) set_closed();  // each report of a destroyed task makes the handler start another one
    // A task is let go when no list but this one links it: what runs meanwhile (destructors, the exception handler) may
    // have made it ready again, or have created others.
    count += abandon_new_tasks();
    count += discard_callbacks();
    while (!tasks.empty() && tasks.last()->abandoned() && ready.empty()) tasks.first()->end_abandoned();
  }
  return count;
}

void LoopCore::add_close_listener(CloseListener& listener) noexcept {
  listener.next_listener = first_listener_;
  listener.previous_listener = nullptr;
  if (first_listener_) first_listener_->previous_listener = &listener;
  first_listener_ = &listener;
}

void LoopCore::remove_close_listener(CloseListener& listener) noexcept {
  (listener.previous_listener ? listener.previous_listener->next_listener : first_listener_) = listener.next_listener;
  if (listener.next_listener) listener.next_listener->previous_listener = listener.previous_listener;
}

void LoopCore::sweep_failures() noexcept {
  while (FailureRecord* record = ledger.any_live()) {
    AnyFuture keep = AnyFuture::share(*static_cast<FutureState*>(record->holder));
    keep.state().report_unretrieved();
  }
}

}  // namespace heed::detail

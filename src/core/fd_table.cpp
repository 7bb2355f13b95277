#include "heed/core/fd_table.hpp"

#include <system_error>

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed::detail {

inline void FdWaiter::enter(FdWatch& watch) {
  watch_ = &watch;
  watch.direction(reading_).waiters.push_back(*this);
  if (!watch.wants_level()) [[likely]]
    return;
  try {
    task_->loop().fds().update(watch);  // only what is waited for is registered then
  } catch (...) {
    watch.direction(reading_).waiters.remove(*this);
    watch_ = nullptr;
    throw;
  }
}

void FdWaiter::begin(PromiseBase& awaiter, FdWatch& watch, bool reading) {
  task_ = running_scheduler->current_task;
  reading_ = reading;
  enter(watch);
  task_->suspend(awaiter, *this);
  if (task_->cancel_pending()) [[unlikely]]
    task_->cancel_new_wait();
}

void FdWaiter::wait_again(FdWatch& watch) {
  enter(watch);
  if (task_->cancel_pending()) [[unlikely]]
    task_->cancel_new_wait();
}

void FdWaiter::continue_task(LoopCore& loop) { std::exchange(task_, nullptr)->run(loop); }

CancelEffect FdWaiter::cancel_wait(const CancelReasonRef&) {
  if (!watch_) return CancelEffect::none;
  forget(*task_);
  return CancelEffect::woken;
}

void FdWaiter::forget(TaskState& task) noexcept {
  if (FdWatch* watch = std::exchange(watch_, nullptr)) {
    watch->direction(reading_).waiters.remove(*this);
  } else if (task_) {
    task.loop().remove_ready(*this);
  }
  task_ = nullptr;
}

std::string FdWaiter::describe_wait() const {
  return watch_ ? (reading_ ? "reading of descriptor " : "writing to descriptor ") + std::to_string(watch_->fd)
                : std::string("descriptor");
}

FdTable::~FdTable() { clear(); }

// Once it is registered: then it is the number of a descriptor, and no arbitrary one.
FdWatch& FdTable::add(std::unique_ptr<FdWatch> watched) {
  auto index = static_cast<std::size_t>(watched->fd);
  try {
    if (index >= entries_.size()) entries_.resize(index + 1);
  } catch (const std::bad_alloc&) {
    poller_.forget(watched->fd);
    throw;
  }
  entries_[index] = std::move(watched);
  ++size_;
  return *entries_[index];
}

void FdTable::update(FdWatch& entry) {
  Watch wanted;
  if (entry.wants_level()) {
    wanted.readable = entry.read.callback || !entry.read.waiters.empty();
    wanted.writable = entry.write.callback || !entry.write.waiters.empty();
  } else {
    wanted = Watch{true, true, true};
  }
  if (wanted == entry.registered) return;
  poller_.watch(entry.fd, wanted);
  entry.registered = wanted;
}

// As if nothing was known about it: the number may belong to another descriptor than before.
void FdTable::register_anew(FdWatch& entry) {
  entry.registered = Watch();
  for (FdDirection* direction : {&entry.read, &entry.write}) direction->drained = direction->hangup = false;
  update(entry);
}

inline void FdTable::wake_waiters(FdDirection& direction) noexcept {
  while (Runnable* waiter = direction.waiters.first()) {
    direction.waiters.remove(*waiter);
    auto& woken = static_cast<FdWaiter&>(*waiter);
    woken.watch_ = nullptr;
    __builtin_prefetch(woken.task_);
    loop_.ready.push(woken);
  }
}

void FdTable::erase(FdWatch& entry) noexcept {
  std::unique_ptr<FdWatch> erased = std::move(entries_[static_cast<std::size_t>(entry.fd)]);
  --size_;
  for (FdDirection* direction : {&entry.read, &entry.write}) {
    if (direction->queued) loop_.remove_ready(*direction);
    wake_waiters(*direction);
  }
  // Last: the destructors of what the callbacks captured may come back here, as the owner of the descriptor does.
  for (FdDirection* direction : {&entry.read, &entry.write}) direction->callback.cancel();
}

FdWatch& FdTable::watch(int fd) {
  FdWatch* known = find(fd);
  if (!known) {
    auto made = std::make_unique<FdWatch>(fd);
    register_anew(*made);
    return add(std::move(made));
  }
  try {
    register_anew(*known);
  } catch (...) {
    if (!known->registered.any()) erase(*known);
    throw;
  }
  return *known;
}

void FdTable::set_callback(int fd, bool reading, const Handle& handle) {
  FdWatch* known = find(fd);
  if (!known) {
    auto made = std::make_unique<FdWatch>(fd);
    made->direction(reading).callback = handle;
    register_anew(*made);
    add(std::move(made));
    return;
  }
  Handle old = std::exchange(known->direction(reading).callback, handle);
  try {
    register_anew(*known);
  } catch (...) {
    known->direction(reading).callback = old;
    if (!known->registered.any()) erase(*known);
    throw;
  }
  old.cancel();
}

bool FdTable::remove_callback(int fd, bool reading) {
  FdWatch* watched = find(fd);
  if (!watched || !watched->direction(reading).callback) return false;
  Handle removed = std::exchange(watched->direction(reading).callback, Handle());
  if (watched->wants_level() || !watched->read.waiters.empty() || !watched->write.waiters.empty()) {
    try {
      update(*watched);
    } catch (...) {
      removed.cancel();
      throw;
    }
  } else {
    poller_.forget(fd);
    erase(*watched);
  }
  removed.cancel();  // last, as in erase()
  return true;
}

void FdTable::forget(int fd) noexcept {
  FdWatch* watched = find(fd);
  if (!watched) return;
  poller_.forget(fd);
  erase(*watched);
}

inline void FdTable::wake(FdDirection& direction) noexcept {
  direction.drained = false;
  wake_waiters(direction);
  if (!direction.callback || direction.queued) [[likely]]
    return;
  direction.queued = true;
  loop_.ready.push(direction);
}

// Those that were cancelled by their handles instead of remove_reader(). Null when nothing is left to watch.
FdWatch* FdTable::without_cancelled_callbacks(FdWatch& entry) noexcept {
  int fd = entry.fd;
  FdWatch* watched = &entry;
  for (bool reading : {true, false}) {
    const Handle& callback = watched->direction(reading).callback;
    if (!callback || !callback.cancelled()) continue;
    try {
      remove_callback(fd, reading);
    } catch (const std::system_error&) {  // closed meanwhile: nothing watches it any more
      poller_.forget(fd);
    }
    watched = find(fd);
    if (!watched) return nullptr;
  }
  return watched;
}

// With a thousand connections each of these has to come from memory, and they are all known now.
void FdTable::dispatch(std::span<const PollEvent> events) noexcept {
  for (const PollEvent& event : events) __builtin_prefetch(find(event.fd));
  for (const PollEvent& event : events)
    if (FdWatch* watched = find(event.fd)) __builtin_prefetch(watched->read.waiters.first());
  for (const PollEvent& event : events) dispatch(event);
}

void FdTable::dispatch(const PollEvent& event) noexcept {
  FdWatch* watched = find(event.fd);
  if (!watched) return poller_.forget(event.fd);
  if (watched->wants_level()) [[unlikely]] {
    watched = without_cancelled_callbacks(*watched);
    if (!watched) return;
  }
  if (event.ready.hangup) watched->read.hangup = watched->write.hangup = true;
  if (event.ready.readable || event.ready.hangup) wake(watched->read);
  if (event.ready.writable || event.ready.hangup) wake(watched->write);
  if (!watched->wants_level()) return;
  try {
    update(*watched);  // for those that waited: else the loop would spin on what nobody waits for any more
  } catch (const std::system_error&) {  // closed meanwhile
  }
}

void FdTable::clear() noexcept {
  for (std::size_t i = 0; size_ != 0; i = (i + 1) % entries_.size()) {  // destructors of callbacks may add others
    if (!entries_[i]) continue;
    poller_.forget(entries_[i]->fd);
    erase(*entries_[i]);
  }
}

}  // namespace heed::detail

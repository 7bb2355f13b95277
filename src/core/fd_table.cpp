#include "heed/core/fd_table.hpp"

#include <system_error>

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed::detail {

inline void FdWaiter::enter() {
  watch_->direction(reading_).waiters.push_back(*this);
  entered_ = true;
  if (!watch_->wants_level()) [[likely]]
    return;
  try {
    task_->loop().fds().update(*watch_);  // only what is waited for is registered then
  } catch (...) {
    watch_->direction(reading_).waiters.remove(*this);
    entered_ = false;
    throw;
  }
}

void FdWaiter::begin(PromiseBase& awaiter) {
  task_ = running_scheduler->current_task;
  enter();
  task_->suspend(awaiter, *this);
  if (task_->cancel_pending()) [[unlikely]]
    task_->cancel_new_wait();
}

void FdWaiter::wait_again() {
  enter();
  if (task_->cancel_pending()) [[unlikely]]
    task_->cancel_new_wait();
}

void FdWaiter::continue_task(LoopCore& loop) { std::exchange(task_, nullptr)->run(loop); }

CancelEffect FdWaiter::cancel_wait(const CancelReasonRef&) {
  if (!entered_) return CancelEffect::none;
  forget(*task_);
  return CancelEffect::woken;
}

void FdWaiter::forget(TaskState& task) noexcept {
  if (std::exchange(entered_, false)) {
    watch_->direction(reading_).waiters.remove(*this);
  } else if (task_) {
    task.loop().remove_ready(*this);
  }
  task_ = nullptr;
}

std::string FdWaiter::describe_wait() const {
  return entered_ ? (reading_ ? "reading of descriptor " : "writing to descriptor ") + std::to_string(watch_->fd)
                  : std::string("descriptor");
}

FdTable::~FdTable() { clear(); }

// Once it is registered: then it is the number of a descriptor, and no arbitrary one.
FdWatch& FdTable::add(FdWatch&& watched) {
  std::size_t piece = static_cast<std::size_t>(watched.fd) / in_a_piece;
  try {
    if (piece >= pieces_.size()) pieces_.resize(piece + 1);
    if (!pieces_[piece]) pieces_[piece] = std::make_unique<Piece>();
  } catch (const std::bad_alloc&) {
    poller_.forget(watched.fd);
    throw;
  }
  places_ = pieces_.size() * in_a_piece;
  FdWatch& entry = *place_of(watched.fd);
  entry = std::move(watched);
  ++size_;
  return entry;
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
    woken.entered_ = false;
    __builtin_prefetch(woken.task_);
    loop_.ready.push(woken);
  }
}

void FdTable::erase(FdWatch& entry) noexcept {
  FdWatch erased = std::exchange(entry, FdWatch());
  --size_;
  for (FdDirection* direction : {&erased.read, &erased.write}) {
    if (direction->callback && direction->callback->queued) loop_.remove_ready(*direction->callback);
    wake_waiters(*direction);
  }
  // Last: the destructors of what the callbacks captured may come back here, as the owner of the descriptor does.
  for (FdDirection* direction : {&erased.read, &erased.write})
    if (direction->callback) direction->callback->handle.cancel();
}

FdWatch& FdTable::watch(int fd) {
  FdWatch* known = find(fd);
  if (!known) {
    FdWatch made;
    made.fd = fd;
    register_anew(made);
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
    FdWatch made;
    made.fd = fd;
    made.direction(reading).callback = std::make_unique<FdCallback>(handle);
    register_anew(made);
    add(std::move(made));
    return;
  }
  std::unique_ptr<FdCallback>& callback = known->direction(reading).callback;
  Handle old;
  if (callback) {
    old = std::exchange(callback->handle, handle);
  } else {
    callback = std::make_unique<FdCallback>(handle);
  }
  try {
    register_anew(*known);
  } catch (...) {
    if (old) {
      callback->handle = old;
    } else {
      callback.reset();
    }
    if (!known->registered.any()) erase(*known);
    throw;
  }
  old.cancel();
}

bool FdTable::remove_callback(int fd, bool reading) {
  FdWatch* watched = find(fd);
  if (!watched || !watched->direction(reading).callback) return false;
  std::unique_ptr<FdCallback> callback = std::move(watched->direction(reading).callback);
  if (callback->queued) loop_.remove_ready(*callback);
  Handle removed = std::move(callback->handle);
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
  if (!direction.callback || direction.callback->queued) [[likely]]
    return;
  direction.callback->queued = true;
  loop_.ready.push(*direction.callback);
}

// Those that were cancelled by their handles instead of remove_reader(). Null when nothing is left to watch.
FdWatch* FdTable::without_cancelled_callbacks(FdWatch& entry) noexcept {
  int fd = entry.fd;
  FdWatch* watched = &entry;
  for (bool reading : {true, false}) {
    const std::unique_ptr<FdCallback>& callback = watched->direction(reading).callback;
    if (!callback || !callback->handle.cancelled()) continue;
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
  for (const PollEvent& event : events) __builtin_prefetch(place_of(event.fd));
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
  for (std::size_t i = 0; size_ != 0; i = (i + 1) % places_) {  // destructors of callbacks may add others
    FdWatch* watched = find(static_cast<int>(i));
    if (!watched) continue;
    poller_.forget(watched->fd);
    erase(*watched);
  }
}

}  // namespace heed::detail

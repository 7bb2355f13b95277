#include "heed/core/fd_table.hpp"

#include "heed/core/loop_core.hpp"

namespace heed::detail {

FdTable::~FdTable() { clear(); }

FdWatch* FdTable::find(int fd) noexcept {
  auto found = entries_.find(fd);
  return found == entries_.end() ? nullptr : found->second.get();
}

FdWatch& FdTable::entry(int fd) {
  auto& slot = entries_[fd];
  if (!slot) slot = std::make_unique<FdWatch>(fd);
  return *slot;
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

void FdTable::erase(FdWatch& entry) noexcept {
  for (FdDirection* direction : {&entry.read, &entry.write}) {
    direction->callback.cancel();
    if (direction->queued) loop_.remove_ready(*direction);
    direction->waiters.move_to(loop_.ready);
  }
  entries_.erase(entry.fd);
}

FdWatch& FdTable::watch(int fd) {
  FdWatch& watched = entry(fd);
  try {
    update(watched);
  } catch (...) {
    if (!watched.registered.any()) erase(watched);
    throw;
  }
  return watched;
}

void FdTable::set_callback(int fd, bool reading, const Handle& handle) {
  FdWatch& watched = entry(fd);
  Handle old = std::exchange(watched.direction(reading).callback, handle);
  try {
    update(watched);
  } catch (...) {
    watched.direction(reading).callback = old;
    if (!watched.registered.any()) erase(watched);
    throw;
  }
  old.cancel();
}

bool FdTable::remove_callback(int fd, bool reading) {
  FdWatch* watched = find(fd);
  if (!watched || !watched->direction(reading).callback) return false;
  std::exchange(watched->direction(reading).callback, Handle()).cancel();
  if (watched->wants_level() || !watched->read.waiters.empty() || !watched->write.waiters.empty()) {
    update(*watched);
  } else {
    poller_.forget(fd);
    erase(*watched);
  }
  return true;
}

void FdTable::forget(int fd) noexcept {
  FdWatch* watched = find(fd);
  if (!watched) return;
  poller_.forget(fd);
  erase(*watched);
}

void FdTable::wake(FdDirection& direction) noexcept {
  direction.drained = false;
  direction.waiters.move_to(loop_.ready);
  if (!direction.callback || direction.queued) return;
  direction.queued = true;
  loop_.ready.push(direction);
}

void FdTable::dispatch(const PollEvent& event) noexcept {
  FdWatch* watched = find(event.fd);
  if (!watched) return poller_.forget(event.fd);
  if (event.ready.hangup) watched->hangup = true;
  if (event.ready.readable || event.ready.hangup) wake(watched->read);
  if (event.ready.writable || event.ready.hangup) wake(watched->write);
}

void FdTable::clear() noexcept {
  while (!entries_.empty()) {
    FdWatch& watched = *entries_.begin()->second;
    poller_.forget(watched.fd);
    erase(watched);
  }
}

}  // namespace heed::detail

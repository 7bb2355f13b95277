#include "heed/failure/ledger.hpp"

#include <algorithm>
#include <new>

#include "heed/failure/exception_info.hpp"
#include "heed/failure/log.hpp"
#include "heed/failure/throw_site.hpp"

namespace heed {

namespace {
constexpr std::size_t reserve_size = 16;
constexpr std::size_t deepest_throw_site = 64;
}  // namespace

void Ledger::List::push_back(FailureRecord& record) noexcept {
  record.previous_ = last;
  record.next_ = nullptr;
  (last ? last->next_ : first) = &record;
  last = &record;
}

void Ledger::List::remove(FailureRecord& record) noexcept {
  (record.previous_ ? record.previous_->next_ : first) = record.next_;
  (record.next_ ? record.next_->previous_ : last) = record.previous_;
}

Ledger::Ledger() {
  reserve_.reserve(reserve_size);
  try {
    while (reserve_.size() < reserve_size) reserve_.push_back(new FailureRecord);
  } catch (...) {  // no destructor will run
    for (FailureRecord* record : reserve_) delete record;
    throw;
  }
}

Ledger::~Ledger() {
  for (FailureRecord* record : ring_) release(record);
  for (FailureRecord* record : reserve_) delete record;
}

FailureRecord* Ledger::allocate() noexcept {
  if (auto* record = new (std::nothrow) FailureRecord) return record;
  if (reserve_.empty()) return nullptr;
  FailureRecord* record = reserve_.back();
  reserve_.pop_back();
  return record;
}

FailureRecord* Ledger::open(std::exception_ptr exception, const FailureBirth& birth) noexcept {
  ++failures_.raised;
  FailureRecord* record = allocate();
  if (!record) {
    ++failures_.reported;
    last_resort("out of memory, this failure cannot be recorded", exception);
    return nullptr;
  }
  ++failures_.live;
  record->references_ = 1;
  record->id = failures_.raised;
  record->cause_id = birth.cause_id;
  record->loop_id = birth.loop_id;
  record->origin = birth.origin;
  record->time = birth.time;
  record->wall_time = std::chrono::system_clock::now();
  record->type = type_of(exception);
  if (const auto* error = find<std::system_error>(exception)) record->code = error->code();
  record->exception_ = std::move(exception);
  fresh_.push_back(*record);

  void* addresses[deepest_throw_site];
  std::size_t count = throw_sites().addresses(identity(record->exception_), addresses, deepest_throw_site);
  if (count != 0) try {
      record->throw_site.assign(addresses, addresses + count);
    } catch (const std::bad_alloc&) {  // the failure is kept, its throw site is not
    }
  return record;
}

bool Ledger::settle(FailureRecord& record, Disposition disposition) noexcept {
  if (record.disposition != Disposition::live) return false;
  record.disposition = disposition;
  --failures_.live;
  switch (disposition) {
    case Disposition::live: break;
    case Disposition::retrieved: ++failures_.retrieved; break;
    case Disposition::merged: ++failures_.merged; break;
    case Disposition::supervised: ++failures_.supervised; break;
    case Disposition::reported: ++failures_.reported; break;
  }
  (record.held_ ? held_ : fresh_).remove(record);
  push_to_ring(record);
  return true;
}

void Ledger::mark_provisional(FailureRecord& record) noexcept {
  record.provisionally_reported = true;
  hold(record);
}

void Ledger::hold(FailureRecord& record) noexcept {
  if (record.held_ || record.disposition != Disposition::live) return;
  fresh_.remove(record);
  record.held_ = true;
  held_.push_back(record);
}

void Ledger::push_to_ring(FailureRecord& record) noexcept {
  if (ring_.size() < ring_capacity) {
    try {
      ring_.push_back(&record);
      ++record.references_;
    } catch (const std::bad_alloc&) {
      ++overflowed_;
    }
    return;
  }
  FailureRecord* oldest = ring_[ring_start_];
  ring_[ring_start_] = &record;
  ++record.references_;
  ring_start_ = (ring_start_ + 1) % ring_.size();
  ++overflowed_;
  release(oldest);
}

void Ledger::close(FailureRecord* record) noexcept {
  if (!record) return;
  if (record->references_ > 1) {  // the ring keeps it: its text must outlive the exception
    try {
      record->remember_text();
    } catch (const std::bad_alloc&) {
    }
    record->exception_ = nullptr;
  }
  release(record);
}

void Ledger::release(FailureRecord* record) noexcept {
  if (--record->references_ != 0) return;
  if (reserve_.size() >= reserve_size) {
    delete record;
    return;
  }
  *record = FailureRecord();  // give the reserve back what was taken from it
  reserve_.push_back(record);
}

std::vector<const FailureRecord*> Ledger::recent() const {
  std::vector<const FailureRecord*> records;
  records.reserve(ring_.size());
  for (std::size_t i = 0; i < ring_.size(); ++i) records.push_back(ring_[(ring_start_ + i) % ring_.size()]);
  return records;
}

std::vector<const FailureRecord*> Ledger::live() const {
  std::vector<const FailureRecord*> records;
  for (const List* list : {&held_, &fresh_})
    for (const FailureRecord* record = list->first; record; record = record->next_) records.push_back(record);
  std::sort(records.begin(), records.end(),
            [](const FailureRecord* a, const FailureRecord* b) { return a->id < b->id; });
  return records;
}

std::string Ledger::summary() const {
  const auto& f = failures_;
  const auto& c = cancellations_;
  auto number = [](std::uint64_t value) { return std::to_string(value); };
  return "failures raised " + number(f.raised) + " = retrieved " + number(f.retrieved) + " + merged " +
         number(f.merged) + " + supervised " + number(f.supervised) + " + reported " + number(f.reported) + " + live " +
         number(f.live) + "; cancellations requested " + number(c.requested) + " = delivered " + number(c.delivered) +
         " + completed anyway " + number(c.completed_anyway) + " + withdrawn " + number(c.withdrawn) + " + pending " +
         number(c.pending);
}

}  // namespace heed

#include "heed/core/scheduler.hpp"

#include <algorithm>
#include <iterator>
#include <new>

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"
#include "heed/failure/exceptions.hpp"

namespace heed::detail {

constinit thread_local Scheduler* running_scheduler = nullptr;

namespace {

// How much native stack a chain of transfers may use before it bounces, where transfers are no tail calls.
constexpr std::uintptr_t transfer_stack = 128 * 1024;

}  // namespace

Scheduler::Scheduler() noexcept
    : root_frame_{[](void* frame) { static_cast<RootFrame*>(frame)->resumed = true; }, nullptr, false} {}

void Scheduler::measure_stack() noexcept { stack_limit_ = stack_pointer() - transfer_stack; }

void Scheduler::destroy() noexcept { delete static_cast<LoopCore*>(this); }

void Trail::follow(const std::exception_ptr& exception) noexcept {
  running_scheduler->attention = true;
  if (now_.tells_anything()) {
    if (!others_) others_.reset(new (std::nothrow) Others);
    if (others_) others_->entries[others_->oldest++ % std::size(others_->entries)] = std::move(now_);
  }
  now_.clear();
  now_.exception = exception;
}

bool Trail::recall(const std::exception_ptr& exception) noexcept {
  for (Entry& entry : others_->entries) {
    if (entry.exception != exception) continue;
    std::swap(entry, now_);
    return true;
  }
  return false;
}

void Trail::clear() noexcept {
  now_.clear();
  others_ = nullptr;
}

void Trail::begin(const std::exception_ptr& exception, const PromiseBase& innermost, std::uint64_t cause_id) noexcept {
  delivered(exception, cause_id);
  const void* end = running_scheduler->root_continuation();
  for (const PromiseBase* frame = &innermost;; frame = &PromiseBase::of(frame->continuation_)) {
    constexpr std::size_t half = capacity / 2;
    // The first half stays, the second one is a ring of the latest.
    std::size_t slot = now_.length < half ? now_.length : half + (now_.length - half) % half;
    now_.sites[slot] = frame->site_;
    ++now_.length;
    if (frame->continuation_ == end || !frame->continuation_) return;
  }
}

void Trail::add_note(const std::exception_ptr& exception, std::string note) {
  if (!follows(exception)) delivered(exception, 0);
  now_.notes.push_back(std::move(note));
}

void Trail::pass_on_notes(const std::exception_ptr& exception, const std::exception_ptr& other) noexcept {
  if (!follows(exception)) return;
  std::vector<std::string> notes;
  try {
    notes = now_.notes;
  } catch (const std::bad_alloc&) {
  }
  delivered(other, now_.cause_id);
  now_.notes = std::move(notes);
}

void Trail::set_cause(const std::exception_ptr& exception, std::uint64_t failure_id) noexcept {
  if (!follows(exception)) delivered(exception, 0);
  if (now_.cause_id == 0) now_.cause_id = failure_id;
}

Trail::Kept Trail::keep(const std::exception_ptr& exception) noexcept {
  Kept kept;
  try {
    if (follows(exception)) kept.entry_.reset(new Entry(now_));
  } catch (const std::bad_alloc&) {
  }
  return kept;
}

void Trail::restore(Kept kept) noexcept {
  if (!kept.entry_) return;
  Entry& entry = *kept.entry_;
  if (follows(entry.exception)) {  // raised again meanwhile: its chain is the old one, with the new notes
    try {
      bool known = now_.notes.size() >= entry.notes.size() &&
                   std::equal(entry.notes.begin(), entry.notes.end(), now_.notes.begin());
      auto first_new = now_.notes.begin() + (known ? static_cast<std::ptrdiff_t>(entry.notes.size()) : 0);
      entry.notes.insert(entry.notes.end(), first_new, now_.notes.end());
    } catch (const std::bad_alloc&) {
    }
  } else {
    follow(entry.exception);
  }
  now_ = std::move(entry);
}

AwaitChain Trail::chain() const {
  AwaitChain chain;
  const std::source_location* sites = now_.sites;
  if (now_.length <= capacity) {
    chain.sites.assign(sites, sites + now_.length);
    return chain;
  }
  constexpr std::size_t half = capacity / 2;
  chain.omitted = now_.length - capacity;
  chain.sites.assign(sites, sites + half);
  std::size_t oldest = (now_.length - half) % half;
  for (std::size_t i = 0; i < half; ++i) chain.sites.push_back(sites[half + (oldest + i) % half]);
  return chain;
}

AwaitChain await_chain_from(const PromiseBase& innermost, const void* end) {
  constexpr std::size_t longest = 64;
  AwaitChain chain;
  std::vector<AwaitSite> outer;  // the last ones seen
  for (const PromiseBase* frame = &innermost;; frame = &PromiseBase::of(frame->continuation_)) {
    if (chain.sites.size() < longest / 2) {
      chain.sites.push_back(frame->site_);
    } else {
      if (outer.size() == longest / 2) {
        outer.erase(outer.begin());
        ++chain.omitted;
      }
      outer.push_back(frame->site_);
    }
    if (frame->continuation_ == end || !frame->continuation_) break;
  }
  chain.sites.insert(chain.sites.end(), outer.begin(), outer.end());
  return chain;
}

std::exception_ptr take_cancelled(Scheduler& scheduler) {
  return std::make_exception_ptr(CancelledError(take_cancel_reason(scheduler)));
}

const std::exception_ptr& hold_cancelled(Scheduler& scheduler) {
  return scheduler.trail.hold(take_cancelled(scheduler));
}

}  // namespace heed::detail

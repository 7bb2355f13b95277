#include "heed/sync/capacity_limiter.hpp"

#include "heed/core/loop_core.hpp"
#include "heed/core/task_state.hpp"

namespace heed {

WouldBlock::~WouldBlock() = default;

namespace {

Borrower running_task() {
  detail::TaskState* task = detail::running_scheduler ? detail::running_scheduler->current_task : nullptr;
  if (!task) throw std::runtime_error("no task is running: say on whose behalf");
  return Borrower::task(task->id());
}

}  // namespace

namespace detail {

void LimiterAcquire::enter() {
  if (for_task_) borrower_ = running_task();
  ticket_ = limiter_->enter(borrower_);
}

bool LimiterAcquire::try_now() {
  if (!limiter_->token_free()) return false;
  enter();
  ++limiter_->borrowed_;
  return true;
}

Guard<CapacityLimiter> LimiterAcquire::take_value() const noexcept {
  return Guard<CapacityLimiter>(*limiter_, CapacityLimiter::Held{borrower_, ticket_});
}

LimiterWaiter::LimiterWaiter(LimiterAcquire& operation) noexcept
    : Waiter(operation.limiter_->waiters_), limiter_(*operation.limiter_), operation_(operation) {}

bool LimiterWaiter::begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
  operation_.ticket_ = 0;
  if (!error_) {
    try {
      operation_.enter();
      limiter_.borrowers_.find(operation_.borrower_)->second.waits = true;
    } catch (...) {
      fail(std::current_exception());
    }
  }
  if (Waiter::begin(awaiter, site)) return true;
  if (operation_.ticket_ != 0) limiter_.borrowers_.erase(operation_.borrower_);
  return false;
}

void LimiterWaiter::accept() noexcept { limiter_.borrowers_.find(operation_.borrower_)->second.waits = false; }

void LimiterWaiter::leave(bool granted) noexcept {
  limiter_.borrowers_.erase(operation_.borrower_);
  if (!granted) return;
  --limiter_.borrowed_;
  limiter_.grant_what_is_free();
}

}  // namespace detail

CapacityLimiter::CapacityLimiter(std::ptrdiff_t total_tokens) : total_(0) { set_total_tokens(total_tokens); }

void CapacityLimiter::set_total_tokens(std::ptrdiff_t total_tokens) {
  if (total_tokens < 0) throw std::invalid_argument("total_tokens must be >= 0");
  total_ = total_tokens;
  grant_what_is_free();
}

std::uint64_t CapacityLimiter::enter(Borrower borrower) {
  auto [entry, is_new] = borrowers_.try_emplace(borrower, Entry{last_ticket_ + 1, false});
  if (!is_new)
    throw std::runtime_error(entry->second.waits
                                 ? "this borrower is already waiting for one of this CapacityLimiter's tokens"
                                 : "this borrower is already holding one of this CapacityLimiter's tokens");
  return ++last_ticket_;
}

LimiterGuard CapacityLimiter::take_nowait(Borrower borrower) {
  std::uint64_t ticket = enter(borrower);
  if (!token_free()) {
    borrowers_.erase(borrower);
    throw WouldBlock();
  }
  ++borrowed_;
  return LimiterGuard(*this, Held{borrower, ticket});
}

LimiterGuard CapacityLimiter::acquire_nowait() { return take_nowait(running_task()); }
LimiterGuard CapacityLimiter::acquire_on_behalf_of_nowait(const void* borrower) {
  return take_nowait(Borrower(borrower));
}

void CapacityLimiter::give_back(Borrower borrower) {
  auto entry = borrowers_.find(borrower);
  if (entry == borrowers_.end() || entry->second.waits)
    throw std::runtime_error("this borrower isn't holding any of this CapacityLimiter's tokens");
  borrowers_.erase(entry);
  --borrowed_;
  grant_what_is_free();
}

void CapacityLimiter::release() { give_back(running_task()); }
void CapacityLimiter::release_on_behalf_of(const void* borrower) { give_back(Borrower(borrower)); }
void CapacityLimiter::release_held(const Held& held) { give_back(held.borrower); }

bool CapacityLimiter::holds(const Held& held) const noexcept {
  auto entry = borrowers_.find(held.borrower);
  return entry != borrowers_.end() && !entry->second.waits && entry->second.ticket == held.ticket;
}

void CapacityLimiter::grant_what_is_free() noexcept {
  while (borrowed_ < total_ && waiters_.grant_next()) ++borrowed_;
}

LimiterStatistics CapacityLimiter::statistics() const {
  LimiterStatistics now{borrowed_tokens(), total_tokens(), {}, borrowers_.size() - borrowed_tokens()};
  for (const auto& [borrower, entry] : borrowers_)
    if (!entry.waits) now.borrowers.push_back(borrower);
  return now;
}

}  // namespace heed

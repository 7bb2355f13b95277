#include "heed/sync/barrier.hpp"

namespace heed {

BrokenBarrierError::~BrokenBarrierError() = default;

namespace detail {

namespace {
std::exception_ptr broken_error(const char* text) noexcept {
  try {
    return std::make_exception_ptr(BrokenBarrierError(text));
  } catch (...) {
    return std::current_exception();
  }
}
}  // namespace

bool BarrierWait::try_now() noexcept {
  Barrier& barrier = *barrier_;
  if (barrier.broken_ || barrier.waiting_ + 1 < barrier.parties_) return false;
  index_ = barrier.waiting_;
  barrier.release_all();
  return true;
}

bool BarrierWaiter::begin(PromiseBase& awaiter, const std::source_location& site) noexcept {
  if (barrier_.broken_) fail(broken_error("Barrier aborted"));
  ++barrier_.waiting_;
  if (Waiter::begin(awaiter, site)) return true;
  --barrier_.waiting_;
  return false;
}

void BarrierWaiter::leave(bool) noexcept { --barrier_.waiting_; }

std::exception_ptr BarrierWaiter::refusal() { return broken_error("Abort or reset of barrier"); }

}  // namespace detail

Barrier::Barrier(std::ptrdiff_t parties) : parties_(static_cast<std::size_t>(parties)), waiters_("Barrier") {
  if (parties < 1) throw std::invalid_argument("parties must be >= 1");
}

void Barrier::release_all() noexcept {
  for (std::size_t index = 0; waiters_.anyone_waits(); ++index) {
    auto& waiter = static_cast<detail::BarrierWaiter&>(waiters_.first());
    waiter.operation_.index_ = index;
    waiters_.release(waiter);
  }
  waiting_ = 0;
}

void Barrier::reset() noexcept {
  broken_ = false;
  waiting_ = 0;
  waiters_.refuse_all();
}

void Barrier::abort() noexcept {
  broken_ = true;
  waiting_ = 0;
  waiters_.refuse_all();
}

}  // namespace heed

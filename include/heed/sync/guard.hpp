// What is held until the end of a scope.
#pragma once

#include <exception>
#include <utility>

#include "heed/failure/exceptions.hpp"

namespace heed {

template <class Primitive>
class Guard;

namespace detail {

// All guards of one primitive: they hold nothing any more when it is destroyed.
template <class Primitive>
class GuardList {
 public:
  GuardList() noexcept = default;
  GuardList(const GuardList&) = delete;
  GuardList& operator=(const GuardList&) = delete;
  ~GuardList() {
    for (Guard<Primitive>* guard = first_; guard; guard = guard->next_) guard->owner_ = nullptr;
  }

 private:
  friend class Guard<Primitive>;
  Guard<Primitive>* first_ = nullptr;
};

[[noreturn]] void throw_empty_guard();
// A guard's release threw in its destructor: a failure whose only end is a report.
void report_release(std::exception_ptr exception) noexcept;

}  // namespace detail

// Holds a lock, a slot of a semaphore or a token of a limiter, and releases it when it is destroyed. Moved, never
// copied. When what it holds was released by hand or destroyed meanwhile, it holds nothing. A release that throws in the
// destructor (a bounded semaphore that was released by hand) is reported.
template <class Primitive>
class [[nodiscard]] Guard final {
 public:
  using Held = typename Primitive::Held;

  Guard() noexcept = default;
  Guard(Guard&& other) noexcept : held_(other.held_) { take_place_of(other); }
  Guard& operator=(Guard&& other) noexcept {
    if (this == &other) return *this;
    let_go();
    held_ = other.held_;
    take_place_of(other);
    return *this;
  }
  ~Guard() { let_go(); }

  // Now instead of at the end of the scope. Throws InvalidStateError when it holds nothing.
  void release() {
    if (!owner_) detail::throw_empty_guard();
    leave().release_held(held_);
  }
  void unlock() { release(); }

  bool owns() const noexcept { return owner_ && owner_->holds(held_); }
  explicit operator bool() const noexcept { return owns(); }

  // For the runtime.
  Guard(Primitive& owner, const Held& held) noexcept : owner_(&owner), held_(held) { enter(); }

 private:
  friend class detail::GuardList<Primitive>;

  // Not inline: g++ 12 would warn of a pointer to a local that outlives it, and does not see leave().
  [[gnu::noinline]] void enter() noexcept {
    Guard*& first = owner_->guards().first_;
    previous_ = nullptr;
    next_ = first;
    if (next_) next_->previous_ = this;
    first = this;
  }
  Primitive& leave() noexcept {
    (previous_ ? previous_->next_ : owner_->guards().first_) = next_;
    if (next_) next_->previous_ = previous_;
    return *std::exchange(owner_, nullptr);
  }
  void take_place_of(Guard& other) noexcept {
    if (!other.owner_) return;
    owner_ = &other.leave();
    enter();
  }
  void let_go() noexcept {
    if (!owner_) return;
    Primitive& owner = leave();
    if (!owner.holds(held_)) return;
    try {
      owner.release_held(held_);
    } catch (...) {
      detail::report_release(std::current_exception());
    }
  }

  Primitive* owner_ = nullptr;
  Guard* next_ = nullptr;
  Guard* previous_ = nullptr;
  [[no_unique_address]] Held held_{};
};

}  // namespace heed

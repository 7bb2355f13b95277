// What is held until the end of a scope.
#pragma once

#include <concepts>
#include <exception>
#include <utility>

#include "heed/failure/exceptions.hpp"

namespace heed {

template <class Primitive>
class Guard;

namespace detail {

template <class Primitive>
class ListedTie;

// The guards of a primitive that many hold at once: they hold nothing any more when it is destroyed.
template <class Primitive>
class GuardList {
 public:
  GuardList() noexcept = default;
  GuardList(const GuardList&) = delete;
  GuardList& operator=(const GuardList&) = delete;
  ~GuardList() {
    for (ListedTie<Primitive>* tie = first_; tie; tie = tie->next_) tie->owner_ = nullptr;
  }

 private:
  friend class ListedTie<Primitive>;
  ListedTie<Primitive>* first_ = nullptr;
};

// What a guard is in that list. (A lock has one guard at most, and a tie of its own: see lock.hpp.)
template <class Primitive>
class ListedTie {
 public:
  using Held = typename Primitive::Held;

  ListedTie() noexcept = default;
  ListedTie(Primitive& owner, const Held& held) noexcept : owner_(&owner), held_(held) { enter(); }
  ListedTie(ListedTie&& other) noexcept { take_place_of(other); }
  ListedTie& operator=(ListedTie&&) = delete;
  ~ListedTie() = default;  // cut before

  void take_place_of(ListedTie& other) noexcept {
    held_ = other.held_;
    if (!other.owner_) return;
    owner_ = &other.leave();
    enter();
  }
  bool tied() const noexcept { return owner_ != nullptr; }
  bool holds() const noexcept { return owner_ && owner_->holds(held_); }
  void cut() noexcept {
    if (owner_) leave();
  }
  // Cuts it first. Only when it is tied.
  void release() { leave().release_held(held_); }

 private:
  friend class GuardList<Primitive>;

  // Not inline: g++ 12 would warn of a pointer to a local that outlives it, and does not see leave().
  [[gnu::noinline]] void enter() noexcept {
    ListedTie*& first = owner_->guards().first_;
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

  Primitive* owner_ = nullptr;
  ListedTie* next_ = nullptr;
  ListedTie* previous_ = nullptr;
  [[no_unique_address]] Held held_{};
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
  Guard() noexcept = default;
  Guard(Guard&& other) noexcept = default;
  Guard& operator=(Guard&& other) noexcept {
    if (this == &other) return *this;
    let_go();
    tie_.take_place_of(other.tie_);
    return *this;
  }
  ~Guard() { let_go(); }

  // Now instead of at the end of the scope. Throws InvalidStateError when it holds nothing.
  void release() {
    if (!tie_.holds()) detail::throw_empty_guard();
    tie_.release();
  }
  void unlock() { release(); }

  bool owns() const noexcept { return tie_.holds(); }
  explicit operator bool() const noexcept { return owns(); }

  // For the runtime.
  template <class Owner, class... Held>
  requires std::constructible_from<typename Primitive::GuardTie, Owner&, const Held&...>
  explicit Guard(Owner& owner, const Held&... held) noexcept : tie_(owner, held...) {}

 private:
  void let_go() noexcept {
    if (!tie_.tied()) return;
    if (!tie_.holds()) return tie_.cut();
    if constexpr (noexcept(tie_.release())) {
      tie_.release();
    } else {
      try {
        tie_.release();
      } catch (...) {
        detail::report_release(std::current_exception());
      }
    }
  }

  typename Primitive::GuardTie tie_;
};

}  // namespace heed

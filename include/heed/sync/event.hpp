// A flag that tasks wait for.
#pragma once

#include <string>

#include "heed/sync/waiter.hpp"

namespace heed {

class Event;

namespace detail {

class EventWaiter : public Waiter {
 public:
  using value_type = void;
  explicit EventWaiter(Event& event, const char* operation = "Event") noexcept;
  bool try_now() const noexcept;
  void take_value() const noexcept {}

 protected:
  EventWaiter(EventWaiter&&) noexcept = default;
  ~EventWaiter() = default;

 private:
  std::string describe_wait() const final { return operation_; }
  Event* event_;
  const char* operation_;
};

}  // namespace detail

// asyncio's Event. Waiting for one that is set does not suspend. A task that set() woke returns from its wait even if
// clear() followed, and even if the event was destroyed then. Destroyed before that, waiting tasks get
// InvalidStateError.
class Event {
 public:
  Event() noexcept : Event("Event") {}

  // On cancel: ends at once.
  detail::WaitOf<detail::EventWaiter> wait() noexcept { return detail::WaitOf<detail::EventWaiter>(*this); }
  // Wakes all who wait, in order.
  void set() noexcept {
    if (set_) return;
    set_ = true;
    if (waiters_.anyone_waits()) waiters_.release_all();
  }
  void clear() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }

 protected:
  explicit Event(const char* owner) noexcept : waiters_(owner) {}

 private:
  friend class detail::EventWaiter;
  bool set_ = false;
  detail::WaitQueue waiters_;
};

inline detail::EventWaiter::EventWaiter(Event& event, const char* operation) noexcept
    : Waiter(event.waiters_), event_(&event), operation_(operation) {}
inline bool detail::EventWaiter::try_now() const noexcept { return event_->is_set(); }

}  // namespace heed

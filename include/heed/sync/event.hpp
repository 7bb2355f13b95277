// A flag that tasks wait for.
#pragma once

#include <string>
#include <utility>

#include "heed/sync/waiter.hpp"

namespace heed {

class Event;

namespace detail {

class EventWaiter;

class EventWait {
 public:
  using value_type = void;
  using Waiter = EventWaiter;
  explicit EventWait(Event& event, const char* name = "Event") noexcept : event_(&event), name_(name) {}
  Event& event() const noexcept { return *event_; }
  const char* name() const noexcept { return name_; }
  bool try_now() const noexcept;
  void take_value() const noexcept {}

 private:
  Event* event_;
  const char* name_;  // in reports
};

class EventWaiter final : public Waiter {
 public:
  explicit EventWaiter(EventWait& operation) noexcept;

 private:
  std::string describe_wait() const override { return name_; }
  const char* name_;
};

}  // namespace detail

// asyncio's Event. Waiting for one that is set does not suspend. A task that set() woke returns from its wait even if
// clear() followed, and even if the event was destroyed then. Destroyed before that, waiting tasks get
// InvalidStateError.
class Event {
 public:
  Event() noexcept : Event("Event") {}

  // On cancel: ends at once.
  detail::WaitOf<detail::EventWait> wait() noexcept { return detail::WaitOf<detail::EventWait>(std::in_place, *this); }
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

inline bool detail::EventWait::try_now() const noexcept { return event_->is_set(); }
inline detail::EventWaiter::EventWaiter(EventWait& operation) noexcept
    : Waiter(operation.event().waiters_), name_(operation.name()) {}

}  // namespace heed

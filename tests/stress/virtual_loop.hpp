// A loop without descriptors, on a clock that moves only when the loop would sleep or the test says so.
#pragma once

#include <memory>

#include "heed/core/clock.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/poller.hpp"

namespace heed::stress {

class World;

class VirtualClock final : public Clock {
 public:
  TimePoint now() noexcept override { return now_; }
  TimePoint time() const noexcept { return now_; }
  void advance(Duration duration) noexcept { now_ += duration; }

 private:
  TimePoint now_{std::chrono::hours(24)};
};

// A loop that would sleep for ever is stopped instead.
class VirtualPoller final : public Poller {
 public:
  explicit VirtualPoller(World& world) : world_(world) {}
  void watch(int, Watch) override {}
  void forget(int) noexcept override {}
  std::size_t wait(Duration timeout, std::span<PollEvent>) override;
  void wake() noexcept override {}

 private:
  World& world_;
};

class StressLoop final : public EventLoop {
 public:
  explicit StressLoop(World& world);
  void default_exception_handler(const ErrorContext& context) override;
  void render(const ErrorContext& context) { EventLoop::default_exception_handler(context); }

 private:
  World& world_;
};

}  // namespace heed::stress

// Time that moves only when a loop would sleep.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "heed/core/clock.hpp"
#include "heed/core/poller.hpp"

namespace heed::test {

// The clock of one or more loops under test, and the maker of their pollers. A wait with a timeout moves the clock on
// by that timeout and returns at once, so no test ever sleeps. A wait without a limit that nobody will end fails the
// test and throws std::logic_error out of run_forever(): it would have hung.
class VirtualTime final : public Clock {
 public:
  TimePoint now() noexcept override;
  // As if this much time had passed while something computed.
  void advance(Duration duration) noexcept;

  // Knows no descriptors: watch() throws. Must not outlive this.
  std::unique_ptr<Poller> make_poller();

  // How often a loop looked for events or slept, and for how long it slept last.
  std::size_t waits() const noexcept { return waits_; }
  Duration last_wait() const noexcept { return last_wait_; }

  // While one of these lives, another thread is going to wake the loop: waits last until it does, and time stands
  // still. A wake-up that does not come fails the test after a minute.
  class ExpectWake {
   public:
    explicit ExpectWake(VirtualTime& time) noexcept;
    ~ExpectWake();
    ExpectWake(const ExpectWake&) = delete;
    ExpectWake& operator=(const ExpectWake&) = delete;

   private:
    VirtualTime& time_;
  };

  // The next wait of a loop throws this, as a poller does whose system call failed.
  void fail_next_wait(std::exception_ptr error);

 private:
  class VirtualPoller;

  mutable std::mutex mutex_;  // guards the clock, which threads may read
  TimePoint now_{std::chrono::hours(24)};
  std::size_t waits_ = 0;
  Duration last_wait_{};
  int outside_wakers_ = 0;
  std::exception_ptr next_error_;
};

}  // namespace heed::test

#include "support/virtual_time.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace heed::test {

class VirtualTime::VirtualPoller final : public Poller {
 public:
  explicit VirtualPoller(VirtualTime& time) : time_(time) {}

  void watch(int, Watch) override { throw std::logic_error("virtual time knows no descriptors: use a real loop"); }
  void forget(int) noexcept override {}

  std::size_t wait(Duration timeout, std::span<PollEvent>) override {
    ++time_.waits_;
    time_.last_wait_ = timeout;
    if (time_.next_error_) std::rethrow_exception(std::exchange(time_.next_error_, nullptr));
    std::unique_lock lock(mutex_);
    if (std::exchange(woken_, false) || timeout <= Duration::zero()) return 0;
    if (time_.outside_wakers_ != 0) {
      if (!wake_.wait_for(lock, std::chrono::minutes(1), [this] { return woken_; }))
        fail("the wake-up from another thread did not come");
      woken_ = false;
    } else if (timeout == Duration::max()) {
      fail("the loop would sleep for ever: nothing is ready and no timer is armed");
    } else {
      time_.advance(timeout);
    }
    return 0;
  }

  void wake() noexcept override {
    std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_one();
  }

 private:
  [[noreturn]] static void fail(const char* why) {
    ADD_FAILURE() << why;
    throw std::logic_error(why);
  }

  VirtualTime& time_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
};

std::unique_ptr<Poller> VirtualTime::make_poller() { return std::make_unique<VirtualPoller>(*this); }

TimePoint VirtualTime::now() noexcept {
  std::lock_guard lock(mutex_);
  return now_;
}

void VirtualTime::advance(Duration duration) noexcept {
  std::lock_guard lock(mutex_);
  now_ += duration;
}

void VirtualTime::fail_next_wait(std::exception_ptr error) { next_error_ = std::move(error); }

VirtualTime::ExpectWake::ExpectWake(VirtualTime& time) noexcept : time_(time) { ++time_.outside_wakers_; }
VirtualTime::ExpectWake::~ExpectWake() { --time_.outside_wakers_; }

}  // namespace heed::test

// SIGINT, for run().
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "heed/core/platform.hpp"

namespace heed::platform {

namespace {

// Written in the signal handler only with atomics that are lock-free.
std::atomic<unsigned> received{0};
std::atomic<Poller*> poller_to_wake{nullptr};

// The third one, when two were not enough: the program is stuck, and gets the default action.
constexpr unsigned fatal = 3;

void on_interrupt(int) {
  if (received.fetch_add(1) + 1 >= fatal) {
    ::signal(SIGINT, SIG_DFL);
    ::raise(SIGINT);
    return;
  }
  if (Poller* poller = poller_to_wake.load()) poller->wake();
}

class SigintWatch final : public InterruptWatch {
 public:
  explicit SigintWatch(Poller& wake) {
    received = 0;
    poller_to_wake = &wake;
    struct sigaction action {};
    action.sa_handler = &on_interrupt;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &previous_);
  }
  ~SigintWatch() override {
    ::sigaction(SIGINT, &previous_, nullptr);
    poller_to_wake = nullptr;
  }
  unsigned interrupts() const noexcept override { return received; }

 private:
  struct sigaction previous_ {};
};

bool in_main_thread() noexcept { return ::getpid() == static_cast<pid_t>(::syscall(SYS_gettid)); }

}  // namespace

std::unique_ptr<InterruptWatch> watch_interrupts(Poller& wake) {
  if (!in_main_thread()) return nullptr;
  struct sigaction current {};
  if (::sigaction(SIGINT, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return nullptr;
  return std::make_unique<SigintWatch>(wake);
}

}  // namespace heed::platform

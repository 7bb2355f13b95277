// The loop when memory runs out: each allocation of a scenario fails once, and then all from there on. What was asked
// for may fail with std::bad_alloc; nothing may crash, hang or get out of balance.
#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <new>

#include "support/coroutines.hpp"
#include "support/log_capture.hpp"
#include "support/sanitizers.hpp"
#include "support/virtual_time.hpp"

namespace {

constexpr long never = std::numeric_limits<long>::max();
// Of this thread: the number of allocations that still succeed, and how many fail after them.
thread_local long until_failure = never;
thread_local long failures_left = 0;

bool allocation_fails() noexcept {
  if (until_failure == never || --until_failure >= 0) return false;
  if (failures_left == 0) return false;
  --failures_left;
  return true;
}

}  // namespace

#if !defined(HEED_TEST_ASAN) && !defined(HEED_TEST_TSAN)
void* operator new(std::size_t size) {
  void* memory = allocation_fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (!memory) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace heed::test {
namespace {

using namespace std::chrono_literals;

class AllocationFailures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (sanitized) GTEST_SKIP() << "the sanitizer has an operator new of its own";
  }
  void TearDown() override { until_failure = never; }

  // Everything that a program does, small.
  static void scenario(EventLoop& loop) {
    ContextVar<int> number("number", 0);
    auto failing = [] { throw std::runtime_error("callback"); };
    loop.call_soon(failing);
    loop.call_later(1s, failing);
    loop.call_soon_threadsafe([&] { number.set(1); });
    Future<std::string> future = loop.create_future<std::string>();
    future.add_done_callback([] {});
    Task<> held = loop.create_task(fails_later("a text that is too long for the small string optimisation"));
    loop.create_task(fails("dropped"), named("a name that is too long for the small string optimisation"));
    Task<> sleeper = loop.create_task(sleeps(1h));
    Task<> outer = loop.create_task(waits_for<void>(sleeper));
    auto body = [&]() -> Coro<int> {
      number.set(2);
      Outcome<void> outcome = co_await as_result(fails());
      co_await sleep(1s);
      Task<int> eagerly = create_task(returns(1), eager());
      co_await outer;
      co_return 1;
    };
    Task<int> last = loop.create_task(body);
    loop.call_later(2s, [&] {
      last.cancel("a reason that is too long for the small string optimisation");
      future.set_result("a value that is too long for the small string optimisation");
    });
    loop.call_later(10s, [&] { loop.stop(); });
    loop.run_forever();
  }

  // Runs the scenario with that many allocations going well; false when none failed.
  bool survives(long good, long bad) {
    VirtualTime time;
    LogCapture log;
    bool failed = false;
    {
      EventLoop loop(time.make_poller(), time);
      loop.set_exception_handler([](EventLoop&, const ErrorContext& context) {
        std::string copy = context.message + " and so on, so that it needs memory";
      });
      failures_left = bad;
      until_failure = good;
      try {
        scenario(loop);
      } catch (const std::bad_alloc&) {
      }
      failed = failures_left != bad;
      until_failure = never;
      EXPECT_TRUE(loop.failures().balanced()) << loop.failures().summary();
      loop.close();
      EXPECT_TRUE(loop.failures().balanced()) << loop.failures().summary();
      EXPECT_EQ(loop.failures().failures().live, 0u);
    }
    return failed;
  }
};

TEST_F(AllocationFailures, any_single_one) {
  long good = 0;
  while (good < 5000 && survives(good, 1)) ++good;
  EXPECT_GT(good, 50);
  EXPECT_LT(good, 5000);
}

TEST_F(AllocationFailures, all_from_a_certain_one_on_for_a_while) {
  for (long good = 0; good < 5000 && survives(good, 20); ++good) {
  }
}

}  // namespace
}  // namespace heed::test

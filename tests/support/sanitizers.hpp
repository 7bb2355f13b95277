// Which sanitizers this program was built with.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEED_TEST_ASAN 1
#elif __has_feature(thread_sanitizer)
#define HEED_TEST_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HEED_TEST_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define HEED_TEST_TSAN 1
#endif

#if defined(HEED_TEST_ASAN)
#include <sanitizer/lsan_interface.h>
#endif

namespace heed::test {

#if defined(HEED_TEST_ASAN) || defined(HEED_TEST_TSAN)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

// What is allocated while one lives is lost on purpose.
class ExpectedLeak {
 public:
#if defined(HEED_TEST_ASAN)
  ExpectedLeak() { __lsan_disable(); }
  ~ExpectedLeak() { __lsan_enable(); }
#else
  ExpectedLeak() {}
  ~ExpectedLeak() {}
#endif
  ExpectedLeak(const ExpectedLeak&) = delete;
  ExpectedLeak& operator=(const ExpectedLeak&) = delete;
};

}  // namespace heed::test

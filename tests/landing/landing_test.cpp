// Each case as a test.
#include <gtest/gtest.h>

#include <ostream>

#include "landing/case.hpp"

namespace heed::landing {

// How a test calls its parameter.
void PrintTo(const Case& one, std::ostream* out) { *out << one.group << "." << one.name; }

namespace {

class Landing : public ::testing::TestWithParam<Case> {};

TEST_P(Landing, the_same_with_and_without) { EXPECT_EQ(check_case(GetParam()), ""); }

INSTANTIATE_TEST_SUITE_P(Cases, Landing, ::testing::ValuesIn(all_cases()),
                         [](const auto& which) { return std::string(which.param.group) + "_" + which.param.name; });

TEST(DirectLandingState, is_on_or_says_why_not) {
  DirectLanding state = direct_landing();
  EXPECT_EQ(state.on, state.reason.empty()) << state.reason;
#if defined(HEED_CAN_LAND_DIRECTLY) && !defined(HEED_NO_DIRECT_LANDING)
  if (!state.on) {
    EXPECT_EQ(state.reason, "control-flow enforcement keeps a shadow stack");
  }
#endif
}

TEST(DirectLandingState, says_that_it_is_not_allowed) {
  bool was_on = direct_landing().on;
  heed::detail::allow_direct_landing(false);
  DirectLanding state = direct_landing();
  heed::detail::allow_direct_landing(true);
  EXPECT_FALSE(state.on);
  EXPECT_NE(state.reason, "");
  EXPECT_EQ(direct_landing().on, was_on);
}

}  // namespace
}  // namespace heed::landing

// The exception types: what catches what.
#include "heed/failure/exceptions.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "support/throwing.hpp"

namespace heed::test {
namespace {

TEST(Exceptions, a_cancellation_is_no_std_exception) {
  EXPECT_FALSE((std::is_base_of_v<std::exception, CancelledError>));
  EXPECT_FALSE((std::is_base_of_v<std::exception, KeyboardInterrupt>));
  EXPECT_FALSE((std::is_base_of_v<std::exception, SystemExit>));
  EXPECT_TRUE((std::is_base_of_v<BaseException, CancelledError>));
}

TEST(Exceptions, control_flow_can_be_caught_by_its_common_base) {
  EXPECT_EQ(thrown<BaseException>([] { throw CancelledError("a"); }), "a");
  EXPECT_EQ(thrown<BaseException>([] { throw KeyboardInterrupt("b"); }), "b");
  EXPECT_EQ(thrown<BaseException>([] { throw SystemExit(3); }), "3");
  EXPECT_EQ(thrown<BaseException>([] { throw BaseException("d"); }), "d");
}

TEST(Exceptions, a_system_exit_has_a_code) {
  EXPECT_EQ(SystemExit(7).code(), 7);
  EXPECT_EQ(SystemExit().code(), 0);
}

TEST(Exceptions, a_timeout_is_a_system_error_with_the_code_timed_out) {
  EXPECT_EQ(TimeoutError().code(), std::errc::timed_out);
  TimeoutError error("connecting");
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_TRUE(contains(error.what(), "connecting"));
  EXPECT_TRUE((std::is_base_of_v<std::system_error, TimeoutError>));
}

TEST(Exceptions, an_invalid_state_is_a_logic_error) {
  EXPECT_EQ(thrown<std::logic_error>([] { throw InvalidStateError("no"); }), "no");
}

TEST(Exceptions, a_cancelled_error_without_a_reason_has_only_its_message) {
  CancelledError error("text");
  EXPECT_EQ(error.reason(), nullptr);
  EXPECT_STREQ(error.what(), "text");
  EXPECT_STREQ(CancelledError().what(), "");
  EXPECT_STREQ(CancelledError(CancelReasonRef()).what(), "");
}

TEST(Exceptions, a_cancelled_error_shares_its_reason_with_its_copies) {
  CancelReasonRef reason(new CancelReason(CancelSource::request, "stop", std::source_location::current(), 3,
                                          GivenNameRef(new GivenName("boss"))));
  CancelledError error(reason);
  CancelledError copy = error;
  EXPECT_STREQ(copy.what(), "stop");
  EXPECT_EQ(copy.reason(), reason.get());
  EXPECT_EQ(copy.reason()->by_name(), "boss");
}

TEST(Exceptions, a_reason_describes_itself) {
  std::source_location here = std::source_location::current();
  std::string place = std::string(" at ") + here.file_name() + ":" + std::to_string(here.line());
  EXPECT_EQ(CancelReason(CancelSource::request, "stop", here, 3, GivenNameRef(new GivenName("boss"))).describe(),
            "request 'stop' by 'boss'" + place);
  EXPECT_EQ(CancelReason(CancelSource::shutdown, "", here, 0, nullptr).describe(), "shutdown" + place);
  EXPECT_EQ(CancelReason(CancelSource::loop_closed, "", std::source_location(), 0, nullptr).describe(), "loop closed");
}

TEST(Exceptions, every_source_of_a_cancellation_has_a_name) {
  EXPECT_STREQ(to_string(CancelSource::request), "request");
  EXPECT_STREQ(to_string(CancelSource::gather), "gather");
  EXPECT_STREQ(to_string(CancelSource::shutdown), "shutdown");
  EXPECT_STREQ(to_string(CancelSource::interrupt), "interrupt");
  EXPECT_STREQ(to_string(CancelSource::loop_closed), "loop closed");
}

}  // namespace
}  // namespace heed::test

// What is known about one failure.
#include "heed/failure/record.hpp"

#include <gtest/gtest.h>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/ledger.hpp"
#include "heed/failure/throw_site.hpp"

namespace heed::test {
namespace {

class Records : public ::testing::Test {
 protected:
  template <class E>
  FailureRecord& open(E value, FailureBirth birth = {}) {
    FailureRecord* record = ledger.open(std::make_exception_ptr(std::move(value)), birth);
    EXPECT_NE(record, nullptr);
    return *record;
  }
  // Nobody can ask for the exception any more.
  const FailureRecord& closed(FailureRecord& record) {
    ledger.settle(record, Disposition::reported);
    ledger.close(&record);
    return record;  // the ring keeps it
  }
  Ledger ledger;
};

TEST_F(Records, a_record_tells_type_message_and_code) {
  FailureRecord& record = open(std::system_error(ENOENT, std::generic_category(), "open"));
  EXPECT_EQ(record.type_name(), "std::system_error");
  EXPECT_EQ(record.message(), "open: No such file or directory");
  EXPECT_EQ(record.code, std::errc::no_such_file_or_directory);
  EXPECT_EQ(record.tree(), std::vector<std::string>{"std::system_error: open: No such file or directory"});
  closed(record);
}

TEST_F(Records, a_record_knows_what_its_birth_knew) {
  FailureBirth birth;
  birth.origin = FailureOrigin::callback;
  birth.cause_id = 7;
  birth.time = std::chrono::seconds(3);
  auto before = std::chrono::system_clock::now();
  FailureRecord& record = open(1, birth);
  EXPECT_EQ(record.origin, FailureOrigin::callback);
  EXPECT_EQ(record.cause_id, 7u);
  EXPECT_EQ(record.time, std::chrono::seconds(3));
  EXPECT_GE(record.wall_time, before);
  EXPECT_EQ(record.disposition, Disposition::live);
  closed(record);
}

TEST_F(Records, the_text_outlives_the_exception) {
  const FailureRecord& record = closed(open(std::runtime_error("gone")));
  EXPECT_EQ(record.exception(), nullptr);
  EXPECT_EQ(record.message(), "gone");
  EXPECT_EQ(record.type_name(), "std::runtime_error");
  EXPECT_EQ(record.tree(), std::vector<std::string>{"std::runtime_error: gone"});
}

TEST_F(Records, the_tree_of_a_group_outlives_the_exception) {
  std::vector<std::exception_ptr> members = {std::make_exception_ptr(std::runtime_error("a")),
                                             std::make_exception_ptr(2)};
  const FailureRecord& record = closed(open(ExceptionGroup("both", members)));
  EXPECT_EQ(record.tree().size(), 3u);
}

TEST_F(Records, an_exception_without_a_message_shows_its_type) {
  struct Mute {};
  const FailureRecord& record = closed(open(Mute()));
  EXPECT_EQ(record.message(), "");
  ASSERT_EQ(record.tree().size(), 1u);
  EXPECT_EQ(record.tree()[0], record.type_name());
}

TEST_F(Records, closing_a_record_lets_go_of_the_exception) {
  auto counted = std::make_shared<int>(1);
  FailureRecord& record = open(counted);
  EXPECT_EQ(counted.use_count(), 2);
  closed(record);
  EXPECT_EQ(counted.use_count(), 1);
}

class FixedSites final : public ThrowSites {
 public:
  std::size_t addresses(const void* exception, void** buffer, std::size_t capacity) noexcept override {
    asked_for = exception;
    if (capacity < 2) return 0;
    buffer[0] = reinterpret_cast<void*>(0x10);
    buffer[1] = reinterpret_cast<void*>(0x20);
    return 2;
  }
  std::string symbolise(void* address) override { return address == reinterpret_cast<void*>(0x10) ? "inner" : "outer"; }
  const void* asked_for = nullptr;
};

TEST_F(Records, the_throw_site_is_kept_when_there_is_a_source_for_it) {
  FixedSites sites;
  install_throw_sites(&sites);
  FailureRecord& record = open(1);
  install_throw_sites(nullptr);
  EXPECT_EQ(sites.asked_for, identity(record.exception()));
  EXPECT_EQ(record.throw_site, (std::vector<void*>{reinterpret_cast<void*>(0x10), reinterpret_cast<void*>(0x20)}));
  closed(record);
  EXPECT_TRUE(closed(open(2)).throw_site.empty());
}

TEST_F(Records, every_end_and_every_origin_has_a_name) {
  EXPECT_STREQ(to_string(Disposition::live), "live");
  EXPECT_STREQ(to_string(Disposition::retrieved), "retrieved");
  EXPECT_STREQ(to_string(Disposition::merged), "merged");
  EXPECT_STREQ(to_string(Disposition::supervised), "supervised");
  EXPECT_STREQ(to_string(Disposition::reported), "reported");
  for (int i = 0; i <= static_cast<int>(FailureOrigin::replaced); ++i)
    EXPECT_STRNE(to_string(static_cast<FailureOrigin>(i)), "unknown");
}

}  // namespace
}  // namespace heed::test

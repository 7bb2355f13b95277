// The ledger without memory: it never fails, and loses no failure.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "heed/failure/exceptions.hpp"
#include "heed/failure/ledger.hpp"
#include "support/throwing.hpp"

namespace {
thread_local bool exhausted = false;
}

// The allocation that the ledger makes for each failure. Everything else of the program keeps its memory.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (exhausted) return nullptr;
  try {
    return ::operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

namespace heed::test {
namespace {

class OutOfMemory : public ::testing::Test {
 protected:
  void TearDown() override { exhausted = false; }
  FailureRecord* open(const char* text) {
    std::exception_ptr error = std::make_exception_ptr(std::runtime_error(text));
    exhausted = true;
    FailureRecord* record = ledger.open(std::move(error), FailureBirth());
    exhausted = false;
    return record;
  }
  void end(FailureRecord* record) {
    ledger.settle(*record, Disposition::retrieved);
    ledger.close(record);
  }
  Ledger ledger;
};

TEST_F(OutOfMemory, a_record_of_the_reserve_is_used) {
  FailureRecord* record = open("first");
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->message(), "first");
  EXPECT_EQ(ledger.failures().live, 1u);
  end(record);
}

TEST_F(OutOfMemory, without_a_reserve_the_failure_is_told_to_the_last_resort_and_counts_as_reported) {
  std::vector<FailureRecord*> records;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) {
    FailureRecord* record = open("no room for this");
    EXPECT_TRUE(ledger.balanced());
    if (!record) break;
    records.push_back(record);
  }
  std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(text, "no room for this")) << text;
  EXPECT_EQ(ledger.failures().reported, 1u);
  EXPECT_EQ(ledger.failures().live, records.size());
  EXPECT_FALSE(records.empty());
  for (FailureRecord* record : records) end(record);
  EXPECT_TRUE(ledger.balanced());
}

TEST_F(OutOfMemory, the_reserve_is_filled_again_with_clean_records) {
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) {
      FailureRecord* record = open("from the reserve");
      ASSERT_NE(record, nullptr) << round;
      EXPECT_EQ(record->disposition, Disposition::live);
      EXPECT_TRUE(record->notes.empty());
      EXPECT_EQ(record->cause_id, 0u);
      record->notes.emplace_back("dirty");
      record->cause_id = 9;
      end(record);
    }
    // Memory is back: what the ring kept of the reserve leaves it in time.
    for (std::size_t i = 0; i < Ledger::ring_capacity; ++i)
      end(ledger.open(std::make_exception_ptr(1), FailureBirth()));
  }
}

}  // namespace
}  // namespace heed::test

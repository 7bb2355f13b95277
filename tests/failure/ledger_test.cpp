// The books: every failure has one end, and everything adds up.
#include "heed/failure/ledger.hpp"

#include <gtest/gtest.h>

#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Ledgers : public ::testing::Test {
 protected:
  FailureRecord& open(int value = 1) { return *ledger.open(std::make_exception_ptr(value), FailureBirth()); }
  void end(FailureRecord& record, Disposition how = Disposition::retrieved) {
    ledger.settle(record, how);
    ledger.close(&record);
  }
  const FailureCounts& counts() const { return ledger.failures(); }
  static std::vector<std::uint64_t> ids(const std::vector<const FailureRecord*>& records) {
    std::vector<std::uint64_t> all;
    for (const FailureRecord* record : records) all.push_back(record->id);
    return all;
  }
  using Ids = std::vector<std::uint64_t>;

  Ledger ledger;
};

TEST_F(Ledgers, new_books_are_empty_and_balanced) {
  EXPECT_TRUE(ledger.balanced());
  EXPECT_EQ(counts().raised, 0u);
  EXPECT_TRUE(ledger.recent().empty());
  EXPECT_TRUE(ledger.live().empty());
  EXPECT_EQ(ledger.oldest_fresh(), nullptr);
  EXPECT_EQ(ledger.any_live(), nullptr);
}

TEST_F(Ledgers, each_end_is_counted_once) {
  std::vector<Disposition> ends = {Disposition::retrieved, Disposition::merged, Disposition::supervised,
                                   Disposition::reported};
  for (Disposition how : ends) {
    FailureRecord& record = open();
    EXPECT_EQ(counts().live, 1u);
    EXPECT_TRUE(ledger.settle(record, how));
    for (Disposition again : ends) EXPECT_FALSE(ledger.settle(record, again));
    EXPECT_EQ(record.disposition, how);
    EXPECT_TRUE(ledger.balanced());
    ledger.close(&record);
  }
  EXPECT_EQ(counts().raised, 4u);
  EXPECT_EQ(counts().retrieved, 1u);
  EXPECT_EQ(counts().merged, 1u);
  EXPECT_EQ(counts().supervised, 1u);
  EXPECT_EQ(counts().reported, 1u);
  EXPECT_EQ(counts().live, 0u);
}

TEST_F(Ledgers, failures_are_numbered_from_one) {
  FailureRecord &first = open(), &second = open();
  EXPECT_EQ(first.id, 1u);
  EXPECT_EQ(second.id, 2u);
  end(first);
  end(second);
}

TEST_F(Ledgers, the_live_ones_are_listed_oldest_first) {
  FailureRecord &a = open(), &b = open(), &c = open();
  EXPECT_EQ(ids(ledger.live()), (Ids{1, 2, 3}));
  end(b);
  EXPECT_EQ(ids(ledger.live()), (Ids{1, 3}));
  end(a);
  end(c);
  EXPECT_TRUE(ledger.live().empty());
}

TEST_F(Ledgers, a_provisional_report_leaves_a_failure_live_but_not_fresh) {
  FailureRecord &a = open(), &b = open();
  EXPECT_EQ(ledger.oldest_fresh(), &a);
  ledger.mark_provisional(a);
  EXPECT_TRUE(a.provisionally_reported);
  EXPECT_EQ(ledger.oldest_fresh(), &b);
  EXPECT_EQ(counts().live, 2u);
  EXPECT_NE(ledger.any_live(), nullptr);
  end(a);
  end(b);
  EXPECT_EQ(ledger.any_live(), nullptr);
}

TEST_F(Ledgers, one_that_is_held_is_live_but_not_to_be_reported_provisionally) {
  FailureRecord &a = open(), &b = open(), &c = open();
  ledger.hold(b);
  ledger.hold(b);
  ledger.mark_provisional(a);
  EXPECT_FALSE(b.provisionally_reported);
  EXPECT_EQ(ledger.oldest_fresh(), &c);
  EXPECT_EQ(ids(ledger.live()), (Ids{1, 2, 3}));
  end(b);
  EXPECT_EQ(ids(ledger.live()), (Ids{1, 3}));
  end(a);
  end(c);
  EXPECT_EQ(ledger.any_live(), nullptr);
}

TEST_F(Ledgers, the_settled_ones_are_listed_in_order_of_their_ends) {
  FailureRecord &a = open(), &b = open(), &c = open();
  end(c);
  end(a);
  end(b);
  EXPECT_EQ(ids(ledger.recent()), (Ids{3, 1, 2}));
}

TEST_F(Ledgers, the_ring_keeps_the_latest_and_counts_what_it_lost) {
  constexpr std::size_t extra = 10;
  for (std::size_t i = 0; i < Ledger::ring_capacity + extra; ++i) end(open(static_cast<int>(i)));
  std::vector<const FailureRecord*> recent = ledger.recent();
  ASSERT_EQ(recent.size(), Ledger::ring_capacity);
  EXPECT_EQ(recent.front()->id, extra + 1);
  EXPECT_EQ(recent.back()->id, Ledger::ring_capacity + extra);
  EXPECT_EQ(recent.back()->message(), std::to_string(Ledger::ring_capacity + extra - 1));
  EXPECT_EQ(ledger.overflowed(), extra);
  EXPECT_EQ(ledger.settled(), recent.size() + ledger.overflowed());
}

TEST_F(Ledgers, a_settled_record_that_left_the_ring_stays_valid_until_it_is_closed) {
  FailureRecord& held = open(42);
  ledger.settle(held, Disposition::retrieved);
  for (std::size_t i = 0; i < 2 * Ledger::ring_capacity; ++i) end(open());
  EXPECT_EQ(held.message(), "42");
  ledger.close(&held);
}

TEST_F(Ledgers, closing_nothing_does_nothing) { ledger.close(nullptr); }

TEST_F(Ledgers, the_summary_shows_every_count) {
  end(open());
  end(open(), Disposition::reported);
  FailureRecord& live = open();
  ledger.count_cancellations().requested = 2;
  ledger.count_cancellations().pending = 2;
  EXPECT_EQ(ledger.summary(),
            "failures raised 3 = retrieved 1 + merged 0 + supervised 0 + reported 1 + live 1; cancellations requested "
            "2 = delivered 0 + completed anyway 0 + withdrawn 0 + pending 2");
  end(live);
}

TEST_F(Ledgers, counts_that_do_not_add_up_are_seen) {
  FailureCounts failures;
  failures.raised = 1;
  EXPECT_FALSE(failures.balanced());
  CancellationCounts cancellations;
  cancellations.requested = 1;
  EXPECT_FALSE(cancellations.balanced());
  cancellations.withdrawn = 1;
  EXPECT_TRUE(cancellations.balanced());
}

}  // namespace
}  // namespace heed::test

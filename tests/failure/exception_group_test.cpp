// Several failures as one exception.
#include "heed/failure/exception_group.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "heed/failure/exceptions.hpp"
#include "support/exceptions.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using Members = std::vector<std::exception_ptr>;

class ExceptionGroups : public ::testing::Test {
 protected:
  // runtime a; group(runtime b, logic c); logic d
  ExceptionGroup nested{
      "outer", Members{runtime("a"), made(ExceptionGroup("inner", Members{runtime("b"), logic("c")})), logic("d")}};
  static std::string names(const std::optional<ExceptionGroup>& group) {
    std::string all;
    if (group)
      for (const std::exception_ptr& leaf : group->leaves()) all += message_of(leaf);
    return all;
  }
};

TEST_F(ExceptionGroups, a_group_tells_its_message_and_how_many_it_holds) {
  ExceptionGroup one("one failed", Members{runtime("a")});
  EXPECT_STREQ(one.what(), "one failed (1 sub-exception)");
  EXPECT_EQ(one.message(), "one failed");
  EXPECT_STREQ(nested.what(), "outer (3 sub-exceptions)");
}

TEST_F(ExceptionGroups, a_group_of_nothing_is_refused) {
  EXPECT_TRUE(contains(thrown<std::invalid_argument>([] { ExceptionGroup("empty", Members()); }), "'empty'"));
}

TEST_F(ExceptionGroups, a_null_member_is_refused_by_its_number) {
  std::string error = thrown<std::invalid_argument>([] { ExceptionGroup("bad", Members{runtime("a"), nullptr}); });
  EXPECT_TRUE(contains(error, "'bad'")) << error;
  EXPECT_TRUE(contains(error, "exception 1")) << error;
}

TEST_F(ExceptionGroups, a_group_is_a_std_exception) {
  EXPECT_EQ(thrown<std::exception>([this] { throw nested; }), "outer (3 sub-exceptions)");
}

TEST_F(ExceptionGroups, copies_share_the_same_exceptions) {
  ExceptionGroup copy = nested;
  EXPECT_EQ(identity(copy.exceptions()[0]), identity(nested.exceptions()[0]));
}

TEST_F(ExceptionGroups, the_leaves_of_all_levels_come_in_order) { EXPECT_EQ(names(nested), "abcd"); }

TEST_F(ExceptionGroups, a_subgroup_keeps_the_nesting_of_what_matches) {
  std::optional<ExceptionGroup> found = nested.subgroup<std::runtime_error>();
  ASSERT_TRUE(found);
  EXPECT_EQ(names(found), "ab");
  EXPECT_EQ(found->message(), "outer");
  ASSERT_EQ(found->exceptions().size(), 2u);
  const auto* inner = find<ExceptionGroup>(found->exceptions()[1]);
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->message(), "inner");
  EXPECT_EQ(inner->exceptions().size(), 1u);
}

TEST_F(ExceptionGroups, a_subgroup_of_nothing_is_empty) {
  EXPECT_FALSE(nested.subgroup<std::bad_alloc>());
  EXPECT_FALSE(nested.subgroup([](const std::exception_ptr&) { return false; }));
}

TEST_F(ExceptionGroups, a_group_that_matches_as_a_whole_is_kept_as_it_is) {
  auto found = nested.subgroup([](const std::exception_ptr& e) { return find<ExceptionGroup>(e) != nullptr; });
  ASSERT_TRUE(found);
  ASSERT_EQ(found->exceptions().size(), 1u);
  EXPECT_EQ(identity(found->exceptions()[0]), identity(nested.exceptions()[1]));
}

TEST_F(ExceptionGroups, a_split_holds_every_leaf_exactly_once) {
  ExceptionGroup::Split split = nested.split<std::logic_error>();
  EXPECT_EQ(names(split.matched), "cd");
  EXPECT_EQ(names(split.rest), "ab");
}

TEST_F(ExceptionGroups, a_split_that_matches_all_or_nothing_has_one_empty_side) {
  ExceptionGroup::Split all = nested.split<std::exception>();
  EXPECT_EQ(names(all.matched), "abcd");
  EXPECT_FALSE(all.rest);
  ExceptionGroup::Split none = nested.split<std::bad_alloc>();
  EXPECT_FALSE(none.matched);
  EXPECT_EQ(names(none.rest), "abcd");
}

TEST_F(ExceptionGroups, a_base_class_matches_its_derived_exceptions) {
  ExceptionGroup group("g", Members{made(std::out_of_range("x")), made(TimeoutError()), made(5)});
  EXPECT_EQ(group.subgroup<std::exception>()->exceptions().size(), 2u);
  EXPECT_EQ(group.subgroup<std::system_error>()->exceptions().size(), 1u);
  EXPECT_EQ(group.subgroup<int>()->exceptions().size(), 1u);
}

TEST_F(ExceptionGroups, derive_keeps_the_message) {
  ExceptionGroup derived = nested.derive(Members{runtime("x")});
  EXPECT_STREQ(derived.what(), "outer (1 sub-exception)");
}

TEST_F(ExceptionGroups, the_tree_shows_groups_causes_and_messages_of_several_lines) {
  std::exception_ptr caused;
  try {
    try {
      throw std::runtime_error("the cause");
    } catch (...) {
      std::throw_with_nested(std::logic_error("line one\nline two"));
    }
  } catch (...) {
    caused = std::current_exception();
  }
  ExceptionGroup group("two failed", Members{made(ExceptionGroup("inner", Members{runtime("a")})), caused});
  std::vector<std::string> lines = format_tree(made(group));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "heed::ExceptionGroup: two failed (2 sub-exceptions)");
  EXPECT_EQ(lines[1], "|- heed::ExceptionGroup: inner (1 sub-exception)");
  EXPECT_EQ(lines[2], "|  `- std::runtime_error: a");
  EXPECT_TRUE(contains(lines[3], "`- ") && contains(lines[3], "line one")) << lines[3];
  EXPECT_TRUE(contains(lines[4], "line two")) << lines[4];
  EXPECT_EQ(lines[5], "   caused by std::runtime_error: the cause");
}

TEST_F(ExceptionGroups, the_tree_of_groups_that_share_their_members_is_cut) {
  std::exception_ptr shared = std::make_exception_ptr(std::runtime_error("shared"));
  for (int level = 0; level < 40; ++level) shared = std::make_exception_ptr(ExceptionGroup("level", {shared, shared}));
  std::vector<std::string> lines = format_tree(shared);
  EXPECT_LE(lines.size(), 1100u);
  EXPECT_EQ(lines.back(), "... and perhaps more");
}

}  // namespace
}  // namespace heed::test

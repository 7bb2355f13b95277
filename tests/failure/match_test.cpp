// Handlers for the exceptions in a group.
#include "heed/failure/match.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "heed/failure/exceptions.hpp"
#include "support/exceptions.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

using Members = std::vector<std::exception_ptr>;

class Match : public ::testing::Test {
 protected:
  static std::string tree(const std::exception_ptr& exception) {
    if (!exception) return "nothing";
    const auto* group = find<ExceptionGroup>(exception);
    if (!group) return message_of(exception);
    std::string text = group->message() + "(";
    for (const std::exception_ptr& member : group->exceptions()) text += (text.back() == '(' ? "" : " ") + tree(member);
    return text + ")";
  }
  template <class... H>
  std::string left_by(const std::exception_ptr& exception, H... handlers) {
    return tree(caught([&] { match(exception, handlers...); }));
  }
  std::function<void(const std::runtime_error&)> note_runtime = [this](const std::runtime_error& error) {
    seen += std::string("r:") + error.what() + " ";
  };
  std::function<void(const std::logic_error&)> note_logic = [this](const std::logic_error& error) {
    seen += std::string("l:") + error.what() + " ";
  };
  std::function<void(std::exception_ptr)> note_rest = [this](std::exception_ptr error) {
    seen += "rest:" + message_of(error) + " ";
  };

  std::exception_ptr nested = made(ExceptionGroup(
      "outer", Members{runtime("a"), made(ExceptionGroup("inner", Members{runtime("b"), logic("c")})), logic("d")}));
  std::string seen;
};

TEST_F(Match, what_no_handler_takes_is_thrown_again_with_its_nesting) {
  EXPECT_EQ(left_by(nested, note_runtime), "outer(inner(c) d)");
  EXPECT_EQ(seen, "r:a r:b ");
}

TEST_F(Match, a_group_of_which_nothing_was_handled_is_thrown_as_the_same_object) {
  std::exception_ptr left = caught([&] { match(nested, [](const std::bad_alloc&) {}); });
  EXPECT_EQ(identity(left), identity(nested));
}

TEST_F(Match, a_single_exception_that_nobody_takes_is_thrown_as_the_same_object) {
  std::exception_ptr error = logic("alone");
  EXPECT_EQ(identity(caught([&] { match(error, note_runtime); })), identity(error));
}

TEST_F(Match, a_single_exception_is_matched_as_itself) {
  EXPECT_EQ(left_by(runtime("alone"), note_runtime), "nothing");
  EXPECT_EQ(seen, "r:alone ");
}

TEST_F(Match, what_the_handler_of_a_single_exception_throws_comes_out_as_it_is) {
  EXPECT_EQ(left_by(runtime("alone"), [](const std::runtime_error&) { throw std::logic_error("new"); }), "new");
}

TEST_F(Match, what_handlers_throw_is_collected_with_what_was_not_handled) {
  auto fail = [](const std::runtime_error& error) { throw std::invalid_argument(std::string("for ") + error.what()); };
  EXPECT_EQ(left_by(nested, fail), "outer(for a for b outer(inner(c) d))");
}

TEST_F(Match, what_handlers_throw_is_a_group_also_when_nothing_else_is_left) {
  auto fail = [](const std::runtime_error&) { throw std::invalid_argument("new"); };
  EXPECT_EQ(left_by(made(ExceptionGroup("g", Members{runtime("a")})), fail), "g(new)");
}

TEST_F(Match, an_exception_that_its_handler_raises_again_counts_as_not_handled) {
  auto only_a = [](const std::runtime_error& error) {
    if (std::string(error.what()) != "a") throw;
  };
  EXPECT_EQ(left_by(nested, only_a, note_logic), "outer(inner(b))");
  EXPECT_EQ(seen, "l:c l:d ");
}

TEST_F(Match, a_handler_can_throw_with_the_exception_as_its_cause) {
  auto wrap = [](const std::runtime_error&) { std::throw_with_nested(std::logic_error("wrapped")); };
  std::exception_ptr left = caught([&] { match(runtime("inner"), wrap); });
  EXPECT_EQ(message_of(left), "wrapped");
  EXPECT_EQ(message_of(cause_of(left)), "inner");
}

TEST_F(Match, control_flow_is_only_taken_by_a_handler_that_names_it) {
  std::exception_ptr group = made(ExceptionGroup("g", Members{made(CancelledError("c")), made(KeyboardInterrupt("k")),
                                                              made(SystemExit(3)), runtime("r"), made(7)}));
  EXPECT_EQ(left_by(group, note_rest), "g(c k 3)");
  EXPECT_EQ(seen, "rest:r rest:7 ");
  seen.clear();
  auto cancelled = [this](const CancelledError& error) { seen += std::string("cancelled:") + error.what() + " "; };
  auto any_control = [this](const BaseException& error) { seen += std::string("control:") + error.what() + " "; };
  EXPECT_EQ(left_by(group, cancelled, any_control, note_rest), "nothing");
  EXPECT_EQ(seen, "cancelled:c control:k control:3 rest:r rest:7 ");
}

TEST_F(Match, handlers_are_called_once_for_each_exception_in_order_the_first_that_fits) {
  EXPECT_EQ(left_by(nested, note_runtime, note_logic, note_rest), "nothing");
  EXPECT_EQ(seen, "r:a r:b l:c l:d ");
}

TEST_F(Match, a_base_class_fits) {
  std::exception_ptr group = made(ExceptionGroup("g", Members{made(TimeoutError()), made(std::out_of_range("o"))}));
  auto system = [this](const std::system_error& error) { seen += std::to_string(error.code().value()) + " "; };
  EXPECT_EQ(left_by(group, system, note_logic), "nothing");
  EXPECT_EQ(seen, std::to_string(static_cast<int>(std::errc::timed_out)) + " l:o ");
}

void count_integer(int value) noexcept { EXPECT_EQ(value, 7); }

TEST_F(Match, a_function_and_a_parameter_by_value_will_do) { EXPECT_EQ(left_by(made(7), &count_integer), "nothing"); }

TEST_F(Match, a_group_can_be_given_as_it_was_caught) {
  try {
    std::rethrow_exception(nested);
  } catch (const ExceptionGroup& group) {
    match(group, note_runtime, note_logic);
  }
  EXPECT_EQ(seen, "r:a r:b l:c l:d ");
}

TEST_F(Match, without_handlers_everything_is_left) { EXPECT_EQ(left_by(nested), "outer(a inner(b c) d)"); }

TEST_F(Match, null_is_nothing_to_do) { EXPECT_EQ(left_by(nullptr, note_rest), "nothing"); }

TEST_F(Match, only_gives_the_one_exception_of_a_group_however_deep) {
  std::exception_ptr leaf = runtime("leaf");
  std::exception_ptr deep = made(ExceptionGroup("o", Members{made(ExceptionGroup("i", Members{leaf}))}));
  EXPECT_EQ(identity(only(deep)), identity(leaf));
  EXPECT_EQ(identity(only(*find<ExceptionGroup>(deep))), identity(leaf));
}

TEST_F(Match, only_leaves_everything_else_as_it_is) {
  std::exception_ptr error = runtime("e");
  EXPECT_EQ(identity(only(nested)), identity(nested));
  EXPECT_EQ(tree(only(*find<ExceptionGroup>(nested))), tree(nested));
  EXPECT_EQ(identity(only(error)), identity(error));
  EXPECT_EQ(only(std::exception_ptr()), nullptr);
}

TEST_F(Match, flatten_keeps_message_and_order_on_one_level) {
  EXPECT_EQ(tree(made(flatten(*find<ExceptionGroup>(nested)))), "outer(a b c d)");
}

}  // namespace
}  // namespace heed::test

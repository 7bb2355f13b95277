// Looking into exceptions without throwing them.
#include "heed/failure/exception_info.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <system_error>

#include "heed/failure/exceptions.hpp"
#include "support/exceptions.hpp"

namespace heed::test {
namespace {

struct Left {
  virtual ~Left() = default;
  int left = 1;
};
struct Right {
  virtual ~Right() = default;
  int right = 2;
};
struct Both : Left, Right {};
struct Virtually : virtual std::runtime_error {
  Virtually() : std::runtime_error("virtual base") {}
};
struct Hidden : private std::runtime_error {
  Hidden() : std::runtime_error("private base") {}
};
struct Twice1 : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Twice2 : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Ambiguous : Twice1, Twice2 {
  Ambiguous() : Twice1("1"), Twice2("2") {}
};
struct OwnType {};

// What a catch clause says, to compare with.
template <class E>
bool catches(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

TEST(ExceptionInfo, the_type_of_an_exception_is_its_dynamic_one) {
  EXPECT_EQ(*type_of(made(std::out_of_range("x"))), typeid(std::out_of_range));
  EXPECT_EQ(*type_of(made(3)), typeid(int));
  EXPECT_EQ(type_of(nullptr), nullptr);
}

TEST(ExceptionInfo, find_gives_the_exception_itself) {
  std::exception_ptr error = made(std::out_of_range("index"));
  const auto* found = find<std::out_of_range>(error);
  ASSERT_NE(found, nullptr);
  EXPECT_STREQ(found->what(), "index");
  EXPECT_EQ(found, identity(error));
}

TEST(ExceptionInfo, find_gives_a_base_class_with_its_address_adjusted) {
  std::exception_ptr both = made(Both());
  ASSERT_NE(find<Right>(both), nullptr);
  EXPECT_EQ(find<Left>(both)->left, 1);
  EXPECT_EQ(find<Right>(both)->right, 2);
  std::exception_ptr virtually = made(Virtually());
  ASSERT_NE(find<std::runtime_error>(virtually), nullptr);
  EXPECT_STREQ(find<std::exception>(virtually)->what(), "virtual base");
}

TEST(ExceptionInfo, find_agrees_with_a_catch_clause) {
  std::vector<std::exception_ptr> all = {made(std::runtime_error("a")),
                                         made(std::out_of_range("b")),
                                         made(4),
                                         made(Hidden()),
                                         made(Ambiguous()),
                                         made(Both()),
                                         made(Virtually()),
                                         made(CancelledError()),
                                         made(OwnType())};
  for (const std::exception_ptr& error : all) {
    EXPECT_EQ(find<std::exception>(error) != nullptr, catches<std::exception>(error)) << type_name(error);
    EXPECT_EQ(find<std::runtime_error>(error) != nullptr, catches<std::runtime_error>(error)) << type_name(error);
    EXPECT_EQ(find<std::logic_error>(error) != nullptr, catches<std::logic_error>(error)) << type_name(error);
    EXPECT_EQ(find<int>(error) != nullptr, catches<int>(error)) << type_name(error);
    EXPECT_EQ(find<Left>(error) != nullptr, catches<Left>(error)) << type_name(error);
    EXPECT_EQ(find<BaseException>(error) != nullptr, catches<BaseException>(error)) << type_name(error);
  }
}

TEST(ExceptionInfo, find_in_a_null_pointer_finds_nothing) {
  EXPECT_EQ(find<std::exception>(nullptr), nullptr);
  EXPECT_EQ(find<int>(nullptr), nullptr);
}

TEST(ExceptionInfo, a_thrown_pointer_is_found_as_what_it_is) {
  std::exception_ptr text = made(static_cast<const char*>("text"));
  ASSERT_NE(find<const char*>(text), nullptr);
  EXPECT_STREQ(*find<const char*>(text), "text");
  EXPECT_EQ(find<std::exception>(text), nullptr);
}

TEST(ExceptionInfo, identity_tells_whether_two_pointers_share_an_exception) {
  std::exception_ptr first = made(1), copy = first, second = made(1);
  EXPECT_EQ(identity(first), identity(copy));
  EXPECT_NE(identity(first), identity(second));
  EXPECT_EQ(identity(nullptr), nullptr);
}

TEST(ExceptionInfo, a_cancellation_is_recognised) {
  EXPECT_TRUE(is_cancellation(made(CancelledError())));
  EXPECT_FALSE(is_cancellation(made(KeyboardInterrupt())));
  EXPECT_FALSE(is_cancellation(made(std::runtime_error("x"))));
  EXPECT_FALSE(is_cancellation(nullptr));
}

TEST(ExceptionInfo, type_names_are_readable) {
  EXPECT_EQ(type_name(made(std::runtime_error("x"))), "std::runtime_error");
  EXPECT_EQ(type_name(made(CancelledError())), "heed::CancelledError");
  EXPECT_EQ(type_name(made(1)), "int");
  EXPECT_EQ(type_name(nullptr), "none");
}

TEST(ExceptionInfo, the_message_of_everything_that_has_one_is_found) {
  EXPECT_EQ(message_of(made(std::runtime_error("what"))), "what");
  EXPECT_EQ(message_of(made(KeyboardInterrupt("base"))), "base");
  EXPECT_EQ(message_of(made(std::string("string"))), "string");
  EXPECT_EQ(message_of(made(static_cast<const char*>("literal"))), "literal");
  EXPECT_EQ(message_of(made(static_cast<const char*>(nullptr))), "(null)");
  EXPECT_EQ(message_of(made(-5)), "-5");
  EXPECT_EQ(message_of(made(5L)), "5");
  EXPECT_EQ(message_of(made(5U)), "5");
  EXPECT_EQ(message_of(made(OwnType())), "");
  EXPECT_EQ(message_of(nullptr), "");
}

TEST(ExceptionInfo, a_description_has_type_and_message) {
  EXPECT_EQ(describe(made(std::runtime_error("disk full"))), "std::runtime_error: disk full");
  EXPECT_EQ(describe(made(CancelledError())), "heed::CancelledError");
  EXPECT_EQ(describe(nullptr), "none");
}

TEST(ExceptionInfo, the_cause_of_a_nested_exception_is_found) {
  std::exception_ptr outer;
  try {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (...) {
    outer = std::current_exception();
  }
  EXPECT_EQ(describe(cause_of(outer)), "std::runtime_error: inner");
  EXPECT_EQ(cause_of(cause_of(outer)), nullptr);
  EXPECT_EQ(cause_of(nullptr), nullptr);
  EXPECT_EQ(cause_of(made(1)), nullptr);
}

TEST(ExceptionInfo, what_cannot_be_demangled_stays_as_it_is) {
  EXPECT_EQ(demangle("not a mangled name"), "not a mangled name");
  EXPECT_EQ(demangle("St13runtime_error"), "std::runtime_error");
}

}  // namespace
}  // namespace heed::test

// What is thrown, and what catches it.
#include <cstring>
#include <stdexcept>

#include "landing/case.hpp"

namespace heed::landing {
namespace {

// --- classes and their bases -----------------------------------------------------------------------------------------

struct First {
  int first = 1;
};
struct Second {
  virtual ~Second() = default;
  virtual int id() const { return second; }
  int second = 2;
};
struct Third {
  int third = 3;
};
struct Both : First, Second {
  int id() const override { return both; }
  int both = 33;
};
struct Many : Third, Both {
  int many = 44;
};
struct Top {
  Top() = default;
  Top(const Top&) = default;
  virtual ~Top() = default;
  int top = 5;
};
struct Left : virtual Top {
  int left = 6;
};
struct Right : virtual Top {
  int right = 7;
};
struct Diamond : Left, Right {
  int diamond = 8;
};
struct FarDiamond : First, Diamond {
  char room[100] = {};
};
class Private : First {
 public:
  int seen = 9;
};
class Protected : protected Second {
 public:
  int seen = 10;
};
struct Ambiguous1 : First {};
struct Ambiguous2 : First {};
struct Ambiguous : Ambiguous1, Ambiguous2 {
  int ambiguous = 11;
};
struct alignas(16) Aligned {
  long double value = 2.5L;
};

template <class Caught, class Thrown>
Coro<> catch_as(Thrown error, bool waits) {
  try {
    Mark mark("m");
    co_await raises(std::move(error), waits);
    note("not thrown");
  } catch (Caught) {
    note("caught/", std::uncaught_exceptions());
  } catch (...) {
    note("missed/", std::uncaught_exceptions());
  }
}
template <class Caught, class Thrown>
void catches(Thrown error) {
  run_coro(catch_as<Caught>(error, false));
  run_coro(catch_as<Caught>(error, true));
}

HEED_LANDING_CASE(catches, by_value, yes, returns) { catches<First>(First()); }
HEED_LANDING_CASE(catches, by_reference, yes, returns) { catches<First&>(First()); }
HEED_LANDING_CASE(catches, by_const_reference, yes, returns) { catches<const First&>(First()); }
HEED_LANDING_CASE(catches, by_const_value, yes, returns) { catches<const First>(First()); }
HEED_LANDING_CASE(catches, by_volatile_reference, yes, returns) { catches<const volatile First&>(First()); }
HEED_LANDING_CASE(catches, what_is_unrelated, yes, returns) { catches<Second&>(First()); }
HEED_LANDING_CASE(catches, a_pointer_when_an_object_is_thrown, yes, returns) { catches<First*>(First()); }
HEED_LANDING_CASE(catches, a_base_by_value, yes, returns) { catches<Second>(Both()); }
HEED_LANDING_CASE(catches, a_private_base, yes, returns) { catches<First&>(Private()); }
HEED_LANDING_CASE(catches, a_protected_base, yes, returns) { catches<Second&>(Protected()); }
HEED_LANDING_CASE(catches, an_ambiguous_base, yes, returns) { catches<First&>(Ambiguous()); }
HEED_LANDING_CASE(catches, one_of_the_ambiguous_ones, yes, returns) { catches<Ambiguous2&>(Ambiguous()); }
HEED_LANDING_CASE(catches, over_aligned, yes, returns) { catches<Aligned&>(Aligned()); }

Coro<> look_into_bases(int depth) {
  try {
    switch (depth) {
      case 0: co_await raises(Both()); break;
      case 1: co_await raises(Many()); break;
      case 2: co_await raises(Diamond()); break;
      default: co_await raises(FarDiamond()); break;
    }
  } catch (Third& third) {
    note("third", third.third);
  } catch (Second& second) {
    note("second", second.second, ".", second.id());
  } catch (Right& right) {
    note("right", right.right, ".", right.top);
  }
  try {
    co_await raises(Many());
  } catch (Second& second) {
    note("second", second.second, ".", second.id(), ".", dynamic_cast<Both&>(second).both);
  }
  try {
    co_await raises(FarDiamond());
  } catch (Top& top) {
    note("top", top.top, ".", dynamic_cast<FarDiamond&>(top).diamond);
  }
  try {
    co_await raises(FarDiamond());
  } catch (Left left) {
    note("left", left.left, ".", left.top);
  }
}
HEED_LANDING_CASE(catches, bases_at_their_places, yes, returns) {
  for (int depth = 0; depth < 4; ++depth) run_coro(look_into_bases(depth));
}

// --- not of class type -----------------------------------------------------------------------------------------------

enum class Color { red, blue };
enum Plain { plain_one = 1, plain_two };
using Function = int (*)(int);
int twice(int value) { return 2 * value; }

Both both_object;
const First first_object;

HEED_LANDING_CASE(catches, an_int, never, returns) { catches<int>(5); }
HEED_LANDING_CASE(catches, an_int_by_reference, never, returns) { catches<const int&>(5); }
HEED_LANDING_CASE(catches, a_long_when_an_int_is_thrown, never, returns) { catches<long>(5); }
HEED_LANDING_CASE(catches, a_double, never, returns) { catches<double>(5.5); }
HEED_LANDING_CASE(catches, a_scoped_enum, never, returns) { catches<Color>(Color::blue); }
HEED_LANDING_CASE(catches, an_enum, never, returns) { catches<Plain>(plain_two); }
HEED_LANDING_CASE(catches, an_int_when_an_enum_is_thrown, never, returns) { catches<int>(plain_two); }
HEED_LANDING_CASE(catches, a_c_string, never, returns) { catches<const char*>("text"); }
HEED_LANDING_CASE(catches, a_pointer, never, returns) { catches<Both*>(&both_object); }
HEED_LANDING_CASE(catches, a_pointer_to_const, never, returns) { catches<const Both*>(&both_object); }
HEED_LANDING_CASE(catches, a_pointer_to_non_const_wrongly, never, returns) { catches<First*>(&first_object); }
HEED_LANDING_CASE(catches, a_pointer_to_a_base, never, returns) { catches<Second*>(&both_object); }
HEED_LANDING_CASE(catches, a_pointer_to_anything, never, returns) { catches<void*>(&both_object); }
HEED_LANDING_CASE(catches, a_const_pointer_to_anything, never, returns) { catches<const void*>(&first_object); }
HEED_LANDING_CASE(catches, null_as_a_pointer, never, returns) { catches<Both*>(nullptr); }
HEED_LANDING_CASE(catches, null, never, returns) { catches<std::nullptr_t>(nullptr); }
HEED_LANDING_CASE(catches, a_function, never, returns) { catches<Function>(&twice); }
HEED_LANDING_CASE(catches, a_member_pointer, never, returns) { catches<int First::*>(&First::first); }

Coro<> look_at_pointers(int which) {
  try {
    switch (which) {
      case 0: co_await raises(&both_object); break;
      case 1: co_await raises(static_cast<const char*>("text")); break;
      case 2: co_await raises(std::string("string")); break;
      case 3: co_await raises(17); break;
      case 4: co_await raises(Color::blue); break;
      default: co_await raises(Function(&twice)); break;
    }
  } catch (Second* second) {
    note("second", second->second, ".", second->id(), second == &both_object ? "same" : "other");
  } catch (const char* text) {
    note(text, std::strlen(text));
  } catch (const std::string& text) {
    note(text);
  } catch (int number) {
    note(number);
  } catch (Color color) {
    note("color", static_cast<int>(color));
  } catch (Function function) {
    note("function", function(21));
  }
}
HEED_LANDING_CASE(catches, values_that_are_caught, yes, returns) {
  for (int which = 0; which < 6; ++which) run_coro(look_at_pointers(which));
}

// --- the order of handlers -------------------------------------------------------------------------------------------

template <class E>
Coro<> derived_first(E thrown) {
  try {
    co_await raises(std::move(thrown));
  } catch (const std::out_of_range&) {
    note("out_of_range");
  } catch (const std::logic_error&) {
    note("logic_error");
  } catch (const std::runtime_error& error) {
    note("runtime_error:", error.what());
  } catch (const std::exception& error) {
    note("exception");
  } catch (...) {
    note("anything");
  }
}
template <class E>
Coro<> base_first(E thrown) {
  try {
    co_await raises(std::move(thrown));
  } catch (const int&) {
    note("int");
  } catch (std::exception& error) {
    note("exception:", error.what());
  } catch (const First&) {
    note("first");
  } catch (std::string& text) {
    text += "!";
    note(text);
  }
}
template <class E>
void in_both_orders(E error) {
  run_coro(derived_first(error));
  try {
    run_coro(base_first(error));
  } catch (...) {
    note("nowhere");
  }
}
HEED_LANDING_CASE(catches, handlers_in_order, yes, returns) {
  in_both_orders(std::out_of_range("a"));
  in_both_orders(std::invalid_argument("b"));
  in_both_orders(std::runtime_error("c"));
  in_both_orders(std::bad_alloc());
  in_both_orders(Both());
  in_both_orders(std::string("d"));
  in_both_orders(4);
}

// One call that raises exceptions of many types: each has its own handler.
Coro<> one_call(std::vector<std::exception_ptr> errors) {
  for (const std::exception_ptr& error : errors) {
    try {
      co_await [](std::exception_ptr thrown) -> Coro<> {
        std::rethrow_exception(thrown);
        co_return;
      }(error);
    } catch (const std::logic_error& caught) {
      note("logic:", caught.what());
    } catch (const Second& second) {
      note("second", second.second);
    } catch (const First& first) {
      note("first", first.first);
    } catch (const Top& top) {
      note("top", top.top);
    } catch (int number) {
      note(number);
    } catch (...) {
      note("other");
    }
  }
}
HEED_LANDING_CASE(catches, many_types_at_one_call, yes, returns) {
  std::vector<std::exception_ptr> errors;
  for (int i = 0; i < 3; ++i) {
    errors.push_back(std::make_exception_ptr(std::logic_error("l")));
    errors.push_back(std::make_exception_ptr(Both()));
    errors.push_back(std::make_exception_ptr(First()));
    errors.push_back(std::make_exception_ptr(Diamond()));
    errors.push_back(std::make_exception_ptr(FarDiamond()));
    errors.push_back(std::make_exception_ptr(12));
    errors.push_back(std::make_exception_ptr(Third()));
    errors.push_back(std::make_exception_ptr(Many()));
  }
  run_coro(one_call(std::move(errors)));
}

HEED_LANDING_CASE(catches, a_handler_changes_the_object, yes, returns) {
  auto change = []() -> Coro<> {
    std::exception_ptr error = std::make_exception_ptr(Both());
    for (int i = 0; i < 3; ++i) {
      try {
        co_await [](std::exception_ptr thrown) -> Coro<> {
          std::rethrow_exception(thrown);
          co_return;
        }(error);
      } catch (Second& second) {
        note(second.second += 100);
      }
      try {
        std::rethrow_exception(error);
      } catch (Second second) {
        note(second.second += 1000);
      }
    }
  };
  run_coro(change());
}

}  // namespace
}  // namespace heed::landing

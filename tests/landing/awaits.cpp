// Where an await may stand.
#include <memory>
#include <stdexcept>

#include "heed/core/task.hpp"
#include "landing/case.hpp"

namespace heed::landing {
namespace {

struct Failed {
  explicit Failed(int number) : code(number) {}
  int code;
};

Coro<int> fails_at(int value, int bad) {
  co_await yield_now();
  if (value == bad) throw Failed(value);
  co_return value;
}

int add(const Mark&, int a, int b, const std::string& text) { return a + b + static_cast<int>(text.size()); }

Coro<> in_arguments(int bad) {
  try {
    int a = co_await fails_at(1, bad);
    int sum = add(Mark("argument"), a, co_await fails_at(2, bad), std::string(40, 'x'));
    note("sum", sum);
  } catch (const Failed& failed) {
    note("failed", failed.code);
  }
}
HEED_LANDING_CASE(awaits, in_arguments, yes, returns) {
  for (int bad = 0; bad < 3; ++bad) run_coro(in_arguments(bad));
}

Coro<> in_conditions(int bad) {
  try {
    int value = co_await fails_at(1, bad);
    if (value == 1) note("if");
    switch (co_await fails_at(2, bad)) {
      case 2: note("two"); break;
      default: note("other"); break;
    }
    bool both = value == 1 && 3 == co_await fails_at(3, bad);
    int chosen = both ? co_await fails_at(4, bad) : co_await fails_at(5, bad);
    note("chosen", chosen);
  } catch (const Failed& failed) {
    note("failed", failed.code);
  }
}
HEED_LANDING_CASE(awaits, in_conditions, yes, returns) {
  for (int bad = 0; bad < 6; ++bad) run_coro(in_conditions(bad));
}

Coro<> in_loops(int bad) {
  int total = 0;
  for (int i = 0; i < 5; ++i) {
    Mark mark(std::to_string(i));
    try {
      if (i == 1) continue;
      total += co_await fails_at(i, bad);
      if (i == 3) break;
    } catch (const Failed& failed) {
      note("failed", failed.code);
      if (failed.code == 2) throw;
    }
  }
  int i = 10;
  do {
    total += co_await fails_at(i, bad);
  } while (++i < 13);
  note("total", total);
}
HEED_LANDING_CASE(awaits, in_loops, yes, returns) {
  for (int bad : {-1, 0, 2, 3, 11}) {
    try {
      run_coro(in_loops(bad));
    } catch (const Failed& failed) {
      note("out", failed.code);
    }
  }
}

struct Pair {
  Pair(int a, int b) : first(a), second(b), mark("pair") {}
  int first, second;
  Mark mark;
};
Coro<> in_initialisers(int bad) {
  try {
    Pair pair(co_await fails_at(1, bad), 7);
    Mark mark("m");
    int more = co_await fails_at(2, bad) + co_await fails_at(3, bad);
    const int& bound = co_await fails_at(4, bad);
    auto pointer = std::make_unique<Counted>(co_await fails_at(5, bad));
    note(pair.first, more, bound, pointer->value);
  } catch (const Failed& failed) {
    note("failed", failed.code);
  }
}
HEED_LANDING_CASE(awaits, in_initialisers, yes, returns) {
  for (int bad = 0; bad < 6; ++bad) run_coro(in_initialisers(bad));
}

Coro<int> in_return(int bad) {
  Mark mark("m");
  try {
    if (bad == 3) co_return co_await fails_at(3, 3);
    co_return co_await fails_at(1, bad) + co_await fails_at(2, bad);
  } catch (const Failed& failed) {
    note("failed", failed.code);
  }
  co_return co_await fails_at(4, bad == 2 ? 4 : 0);
}
HEED_LANDING_CASE(awaits, in_return_expressions, yes, returns) {
  for (int bad = 0; bad < 4; ++bad) {
    try {
      note(run_coro(in_return(bad)));
    } catch (const Failed& failed) {
      note("out", failed.code);
    }
  }
}

Coro<std::vector<int>> list_of(int count, int bad) {
  std::vector<int> values;
  for (int i = 0; i < count; ++i) values.push_back(co_await fails_at(i, bad));
  co_return values;
}
Coro<> in_range_for(int bad) {
  try {
    Mark mark("m");
    for (int value : co_await list_of(3, bad)) {
      Mark in_body("b");
      note(value, co_await fails_at(value + 10, bad));
    }
  } catch (const Failed& failed) {
    note("failed", failed.code);
  }
}
HEED_LANDING_CASE(awaits, in_a_range_for, yes, returns) {
  for (int bad : {-1, 0, 2, 11}) run_coro(in_range_for(bad));
}

HEED_LANDING_CASE(awaits, in_lambdas, yes, returns) {
  int captured = 5;
  auto lambda = [&captured](int bad) -> Coro<int> {
    try {
      co_return captured + co_await fails_at(1, bad);
    } catch (const Failed& failed) {
      captured += failed.code;
    }
    co_return captured;
  };
  auto outer = [&lambda](int bad) -> Coro<int> {
    Mark mark("outer");
    co_return co_await lambda(bad) + co_await lambda(0);
  };
  note(run_coro(outer(1)));
  note(run_coro(outer(0)));
}

template <class T, class Caught, int turns>
Coro<T> in_template(T value, int bad) {
  try {
    for (int i = 0; i < turns; ++i) co_await fails_at(i, bad);
  } catch (Caught) {
    note("caught", turns);
  }
  co_return value;
}
HEED_LANDING_CASE(awaits, in_templates, yes, returns) {
  note(run_coro(in_template<int, Failed, 3>(1, 2)));
  note(run_coro(in_template<std::string, const Failed&, 2>("text", 1)));
  try {
    note(run_coro(in_template<double, int, 2>(1.5, 1)));
  } catch (const Failed&) {
    note("out");
  }
}

class Object {
 public:
  virtual ~Object() = default;
  virtual Coro<int> work(int bad) {
    try {
      sum_ += co_await fails_at(1, bad);
      co_return co_await more(bad);
    } catch (const Failed& failed) {
      sum_ -= failed.code;
    }
    co_return sum_;
  }
  int sum() const { return sum_; }

 protected:
  virtual Coro<int> more(int bad) const { co_return sum_ + co_await fails_at(2, bad); }
  int sum_ = 100;
};
class Special : public Object {
  Coro<int> more(int bad) const override {
    Mark mark("special");
    co_return 2 * co_await Object::more(bad) + co_await fails_at(3, bad);
  }
};
HEED_LANDING_CASE(awaits, in_member_functions, yes, returns) {
  for (int bad = 0; bad < 4; ++bad) {
    Object object;
    Special special;
    note(run_coro(object.work(bad)), run_coro(special.work(bad)), special.sum());
  }
}

Coro<int> with_parameters(Counted by_value, std::unique_ptr<Mark> owned, const Mark& reference, int bad) {
  note(by_value.value, owned->name, reference.name);
  co_return co_await fails_at(1, bad);
}
HEED_LANDING_CASE(awaits, with_parameters_that_are_destroyed, yes, returns) {
  for (int bad = 0; bad < 2; ++bad) {
    auto calls = [bad]() -> Coro<> {
      Mark mark("reference");
      try {
        Counted counted(5);
        note(co_await with_parameters(std::move(counted), std::make_unique<Mark>("owned"), mark, bad));
      } catch (const Failed& failed) {
        note("failed", failed.code);
      }
    };
    run_coro(calls());
  }
}

// What is between the await and the handler is inlined, or not.
[[gnu::always_inline]] inline int inlined(const std::exception_ptr& error) {
  Mark mark("inlined");
  if (error) heed::detail::rethrow(error);
  return 1;
}
[[gnu::noinline]] int not_inlined(const std::exception_ptr& error) {
  Mark mark("not inlined");
  if (error) heed::detail::rethrow(error);
  return 1;
}
[[gnu::noinline]] int catches_inside(const std::exception_ptr& error) noexcept {
  try {
    return inlined(error) + not_inlined(error);
  } catch (const Failed& failed) {
    note("inside", failed.code);
    return -1;
  }
}
Coro<> calls_functions() {
  std::exception_ptr error = std::make_exception_ptr(Failed(1));
  for (const std::exception_ptr& thrown : {std::exception_ptr(), error}) {
    try {
      Mark mark("m");
      note(inlined(thrown));
    } catch (const Failed& failed) {
      note("failed", failed.code);
    }
    try {
      Mark mark("m");
      note(not_inlined(thrown));
    } catch (const Failed& failed) {
      note("failed", failed.code);
    }
    note(catches_inside(thrown));
  }
  co_return;
}
HEED_LANDING_CASE(awaits, functions_in_between, yes, returns) { run_coro(calls_functions()); }

// Values that live in registers across the await, and large frames.
Coro<> keeps_values(int bad) {
  long a = bad * 3 + 1, b = bad * 5 + 2, c = bad * 7 + 3, d = bad * 11 + 4, e = bad * 13 + 5, f = bad * 17 + 6;
  double x = bad + 0.5, y = bad + 0.25;
  for (int i = 0; i < 4; ++i) {
    try {
      a += b, b += c, c += d, d += e, e += f, f += a, x += y;
      char room[3000];
      room[static_cast<std::size_t>(i) * 700] = static_cast<char>(a);
      a += room[static_cast<std::size_t>(i) * 700] & 1;
      a += co_await fails_at(i, bad);
    } catch (const Failed& failed) {
      a -= failed.code, b -= a, y += x;
    }
  }
  note(a, b, c, d, e, f, x, y);
}
HEED_LANDING_CASE(awaits, values_around_it, yes, returns) {
  for (int bad = 0; bad < 4; ++bad) run_coro(keeps_values(bad));
}

// A plain function whose stack is aligned, of variable size, and whose registers are all in use.
[[gnu::noinline]] int awkward_frame(const std::exception_ptr& error, int n) {
  alignas(64) volatile char aligned[64] = {};
  auto* room = static_cast<volatile char*>(__builtin_alloca(static_cast<std::size_t>(n) * 16 + 16));
  auto a = static_cast<unsigned long>(n), b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6;
  for (int i = 0; i < n; ++i) {
    room[i] = static_cast<char>(i);
    aligned[i % 64] = static_cast<char>(i);
    try {
      a += b ^ c, b += d, c += e, d += f, e += g, f += a, g += b;
      if (i % 2) heed::detail::rethrow(error);
      a += static_cast<unsigned char>(room[i]);
    } catch (const Failed& failed) {
      b += static_cast<unsigned long>(failed.code + room[i] + aligned[i % 64]);
    } catch (const std::exception&) {
      c += 1;
    }
  }
  bool is_aligned = reinterpret_cast<std::uintptr_t>(&aligned) % 64 == 0;
  return static_cast<int>((a + b + c + d + e + f + g) % 1000003) + (is_aligned ? 0 : 1);
}
HEED_LANDING_CASE(awaits, awkward_stack_frames, yes, returns) {
  std::exception_ptr failed = std::make_exception_ptr(Failed(9)), error = std::make_exception_ptr(std::bad_alloc());
  for (int n : {1, 2, 7, 64}) note(awkward_frame(failed, n), awkward_frame(error, n));
}

// The same with fractions, for which some processors have registers that a call preserves.
[[gnu::noinline]] double fractions(const std::exception_ptr& error, int n) {
  double a = n, b = a + 0.5, c = a + 0.25, d = a + 0.125, e = a * 3, f = a * 5, g = a * 7, h = a * 9;
  for (int i = 0; i < n; ++i) {
    try {
      a += b, b += c, c += d, d += e, e += f, f += g, g += h, h += a;
      if (i % 2) heed::detail::rethrow(error);
    } catch (const Failed& failed) {
      a -= failed.code, h /= 2;
    }
  }
  return a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * f + 13 * g + 17 * h;
}
HEED_LANDING_CASE(awaits, fractions_around_it, yes, returns) {
  std::exception_ptr error = std::make_exception_ptr(Failed(9));
  for (int n : {2, 7, 20}) note(fractions(error, n));
}

// Many arguments: some are passed on the stack.
[[gnu::noinline]] int many_arguments(long a, long b, long c, long d, long e, long f, long g, long h, const Mark& mark,
                                     const std::exception_ptr& error) {
  try {
    note(mark.name, a + b + c + d + e + f + g + h);
    heed::detail::rethrow(error);
  } catch (const Failed& failed) {
    return failed.code;
  }
}
[[gnu::noinline]] int pick(long a, long b, long c, long d, long e, long f, long g, long h, int i, int j) {
  return static_cast<int>(a + b + c + d + e + f + g + h) + i + j;
}
HEED_LANDING_CASE(awaits, many_arguments, yes, returns) {
  std::exception_ptr error = std::make_exception_ptr(Failed(3));
  note(pick(1, 2, 3, 4, 5, 6, 7, 8, many_arguments(1, 2, 3, 4, 5, 6, 7, 8, Mark("a"), error),
            many_arguments(8, 7, 6, 5, 4, 3, 2, 1, Mark("b"), error)));
}

}  // namespace
}  // namespace heed::landing

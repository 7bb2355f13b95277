// An awaiting condition in a function that declares nothing.
#include "snippet.hpp"

bool flag;
int count;

Coro<int> if_first() {
  if (co_await ready()) co_return 1;  // expect: A
  co_return 0;
}

Coro<> after_an_await(int) {
  co_await work();
  if (!co_await ready()) throw 1;  // expect: A
}

Coro<int> two_of_them() {
  if (flag && co_await ready()) {  // expect: A
    co_return 1;
  } else if (co_await number() > 2) {  // expect: A
    co_return 2;
  }
  co_return 0;
}

Coro<> loops() {
  while (co_await ready()) {  // expect: A
  }
  do {
    co_await work();
  } while (co_await ready());          // expect: A
  for (; co_await ready(); ++count) {  // expect: A
  }
}

Coro<int> in_a_switch() {
  switch (co_await number()) {  // expect: A
    case 2: co_return 2;
    default: co_return 0;
  }
}

Coro<int> inside_others() {
  try {
    while (true) {
      switch (count) {
        case 1:
          if (co_await ready()) co_return 1;  // expect: A
      }
    }
  } catch (...) {
  }
  static_assert(sizeof(int) >= 2, "declares nothing");
  co_return 0;
}

template <bool B>
Coro<int> in_a_template() {
  if constexpr (B) {
    if (co_await ready()) co_return 1;  // expect: A
  }
  co_return 0;
}

struct Service {
  explicit Service(int n) : n_{n}, list_{n} {}
  Coro<int> member() const {
    if (co_await ready()) co_return n_;  // expect: A
    co_return 0;
  }
  Coro<int> operator()() {
    if (co_await ready()) co_return n_;  // expect: A
    co_return 0;
  }
  int n_;
  std::vector<int> list_;
};

#define SAFE(x) \
  if (co_await x) co_return 1
#if defined(SOMETHING)
Coro<int> branch() {
  if (co_await ready()) co_return 1;  // expect: A
  co_return 0;
}
#else
Coro<int> branch() {
  if (co_await ready()) co_return 2;  // expect: A
  co_return 0;
}
#endif

// --- and all of these are compiled well -----------------------------------------------------------------------

Coro<int> named() {
  const bool ok = co_await ready();
  if (ok) co_return 1;
  co_return 0;
}

Coro<int> a_local_anywhere() {
  if (co_await ready()) co_return 1;
  {
    std::vector<std::pair<int, int>> pairs;
    co_return static_cast<int>(pairs.size());
  }
}

Coro<int> a_pointer() {
  if (co_await ready()) co_return 1;
  std::string* p = nullptr;
  co_return p != nullptr;
}

Coro<int> declared_in_the_condition() {
  if (bool ok = co_await ready()) co_return ok;
  co_return 0;
}

Coro<int> declared_beside_the_condition() {
  if (int n = 1; co_await ready()) co_return n;
  co_return 0;
}

Coro<int> in_a_range_for() {
  for (int n : co_await numbers()) co_return n;
  if (co_await ready()) co_return 1;
  co_return 0;
}

Coro<int> a_using() {
  using Number = int;
  if (co_await ready()) co_return Number(1);
  co_return 0;
}

Coro<int> a_local_class() {
  struct Local {
    int n = 1;
  };
  if (co_await ready()) co_return 1;
  co_return 0;
}

Coro<int> a_lambda_is_a_declaration() {
  start([] { return 1; });
  if (co_await ready()) co_return 1;
  co_return 0;
}

Coro<int> a_handler() {
  try {
    if (co_await ready()) co_return 1;
  } catch (const std::exception&) {
    co_return 2;
  }
  co_return 0;
}

Coro<> only_the_increment() {
  for (; count < 3; count += co_await number()) {
  }
}

Coro<int> only_the_branch() {
  if (flag) co_return co_await number();
  while (count < 3) co_await work();
  co_return 0;
}

auto in_a_lambda = []() -> Coro<int> {
  if (co_await ready()) co_return 1;
  co_return 0;
};

Coro<int> not_code() {
  // if (co_await ready()) co_return 1;
  /* if (co_await ready()) */
  std::puts("if (co_await ready())");
  std::puts(R"(if (co_await ready()) ")"
            "1");
  co_return 1'000'000;
}

Coro<int> silenced() {
  if (co_await ready()) co_return 1;  // lint: coroutine-ok(never run)
  // lint: coroutine-ok(nor is this)
  if (co_await ready()) co_return 1;
  // a reason is needed
  if (co_await ready()) co_return 1;  // lint: coroutine-ok()  // expect: A
  co_return 0;
}

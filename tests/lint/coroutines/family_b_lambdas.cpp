// Lambdas that hold an object, in a full expression that awaits.
#include "snippet.hpp"

std::shared_ptr<int> shared();

Coro<int> captured() {
  auto s = shared();
  std::string name;
  co_await call([s]() -> Coro<int> { co_return *s; });                 // expect: B
  co_await call([=] { return s; });                                    // expect: B
  co_await call([&, s] { return *s; });                                // expect: B
  co_await call([s = std::move(s)] { return *s; });                    // expect: B
  co_await call([t = shared()]() mutable { t.reset(); });              // expect: B
  co_await [name]() -> Coro<int> { co_return 1; }();                   // expect: B
  co_await call([name]<class T>(T x) -> Coro<T> { co_return x; }, 1);  // expect: B
  const int n = [s] { return *s; }() + co_await number();              // expect: B
  if (int m = co_await call([s] { return *s; })) co_return m;          // expect: B
  for (int m : co_await numbers()) {
    co_await call(                          // several lines
        [&, name] { return name.size(); },  // expect: B
        m);
  }
  co_await call(std::function<int()>([name] { return 1; }));  // expect: B
  co_return n;
}

struct Server {
  std::string name;
  Coro<> by_copy() {
    co_await call([*this] { return name; });  // expect: B
  }
  Coro<> by_pointer() {
    co_await call([this] { return name; });
  }
};

Coro<> nested() {
  auto s = shared();
  co_await call([&]() -> Coro<int> {
    co_await call([s] { return *s; });  // expect: B
    co_return 1;
  });
}

// --- and all of these are compiled well -----------------------------------------------------------------------

Coro<int> fine() {
  auto s = shared();
  auto named = [s] { return *s; };
  co_await call(std::move(named));
  auto split = call([s] { return *s; });
  co_await std::move(split);
  co_await call([](std::shared_ptr<int> p) { return *p; }, s);
  co_await call([&] { return *s; });
  co_await call([&s]() -> Coro<int> { co_return *s; });
  co_await call([&r = s] { return *r; });
  co_await call([p = &s] { return **p; });
  co_await call([k = 3, c = 'x', b = true] { return k + c + b; });
  co_await call([f = "text"] { return f; });
  start([s] { return *s; });
  start([s]() -> Coro<> { co_await work(); });
  int counts[] = {1, 2};
  counts[0] = co_await number();
  [[maybe_unused]] auto [a, b] = std::pair(1, 2);
  auto& [x, y] = counts;
  co_return counts[co_await number()] + x + y;
}

Coro<int> scalars(const std::string& name, double factor) {
  for (int i = 0; i < 3; ++i) co_await call([i] { return i; });
  const char* p = name.c_str();
  std::string* q = nullptr;
  std::size_t size = name.size();
  co_await call([p, q, size, factor] { return p != nullptr; });
  co_await call([&, n = size] { return n; });
  co_await call([name] { return name; });  // expect: B
  co_return 0;
}

Coro<> silenced() {
  auto s = shared();
  co_await call([s] { return *s; });  // lint: coroutine-ok(never run)
}

// The conditional operator makes an object that no constructor made.
#include "snippet.hpp"

bool c;

Coro<std::string> conditional() {
  std::string s;
  co_await with(c ? std::string("a") : s);                 // expect: B
  co_await with(c ? "a" : s);                              // expect: B
  std::string t = c ? co_await text() : std::string();     // expect: B
  std::string u = co_await ready() ? s : std::string();    // expect: B
  co_return (c ? std::string("a") : s) + co_await text();  // expect: B
}

// --- and all of these are compiled well -----------------------------------------------------------------------

Coro<std::string> fine() {
  std::string s;
  std::string named = c ? "a" : s;
  co_await with(std::move(named));
  int n = c ? co_await number() : use(2);
  n = use(co_await number() > 2 ? 1 : -1);
  const char* literal = co_await ready() ? "a" : "b";
  const bool both = c && (co_await ready() || co_await number() == n);
  start([&] { return c ? s : std::string(literal); });
  if (c) s = co_await text();
  switch (n) {
    case 1: co_await work(); break;
    default: co_await work();
  }
  co_return co_await text() + (both ? "x" : "y");
}

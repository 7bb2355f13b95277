// What the snippets need to be C++. Nothing here is ever run.
#pragma once

#include <array>
#include <coroutine>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

template <class T = void>
struct Coro {
  struct promise_type;
  bool await_ready() const;
  void await_suspend(std::coroutine_handle<>) const;
  T await_resume() const;
  Coro(Coro&&);
  ~Coro();
};

template <class T>
struct Returns {
  void return_value(T);
};
template <>
struct Returns<void> {
  void return_void();
};

template <class T>
struct Coro<T>::promise_type : Returns<T> {
  Coro get_return_object();
  std::suspend_always initial_suspend();
  std::suspend_always final_suspend() noexcept;
  void unhandled_exception();
  template <class X>
  std::suspend_always yield_value(X);
};

Coro<bool> ready();
Coro<int> number();
Coro<std::string> text();
Coro<std::vector<int>> numbers();
Coro<> work();
Coro<int> with(std::string);
Coro<int> with_pair(std::pair<std::string, int>);
template <class F, class... Args>
Coro<int> call(F, Args...) {
  co_return 1;
}
template <class F>
void start(F) {}
int use(int);
